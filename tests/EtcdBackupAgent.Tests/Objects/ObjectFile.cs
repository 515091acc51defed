using System.Text;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Tests.Snapshots.Revisions;

namespace EtcdBackupAgent.Tests.Objects;

/// <summary>Database files with objects, each written in a transaction of its own.</summary>
internal static class ObjectFile
{
    /// <summary>Writes a file and opens its keys.</summary>
    /// <param name="path">The file.</param>
    /// <param name="objects">The keys after <c>/registry/</c>, and the stored values.</param>
    public static KeySpace Write(string path, params (string Key, string Value)[] objects)
    {
        BoltFile.Write(path, ("key", objects.Select((item, index) => new StoredRecord
        {
            Revision = new(index + 2, 0),
            Key = $"/registry/{item.Key}",
            Created = index + 2,
            Version = 1,
            Value = Encoding.UTF8.GetBytes(item.Value),
        }).Select(record => (record.RawKey, record.RawValue))));
        return KeySpace.OfFile(path, revision: null);
    }
}
