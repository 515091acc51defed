using EtcdBackupAgent.Snapshots.Bolt;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>Reads every element of a database as text that can be compared.</summary>
internal static class DatabaseDump
{
    /// <returns>The buckets by name, each with its elements by key, in hexadecimal.</returns>
    public static SortedDictionary<string, SortedDictionary<string, string>> Of(string file)
    {
        using SafeFileHandle handle = File.OpenHandle(file);
        long bytes = RandomAccess.GetLength(handle);
        BoltDatabase database = BoltDatabase.Open(handle, bytes - (bytes % 512));
        SortedDictionary<string, SortedDictionary<string, string>> buckets = new(StringComparer.Ordinal);
        BoltCursor root = database.Root();
        for (bool more = root.MoveToFirst(); more; more = root.MoveNext())
        {
            SortedDictionary<string, string> elements = new(StringComparer.Ordinal);
            BoltCursor cursor = root.OpenBucket();
            for (bool element = cursor.MoveToFirst(); element; element = cursor.MoveNext())
            {
                elements.Add(Convert.ToHexStringLower(cursor.Key), Convert.ToHexStringLower(cursor.Value));
            }

            buckets.Add(System.Text.Encoding.ASCII.GetString(root.Key), elements);
        }

        return buckets;
    }

    public static string Hex(string text) => Convert.ToHexStringLower(System.Text.Encoding.ASCII.GetBytes(text));
}
