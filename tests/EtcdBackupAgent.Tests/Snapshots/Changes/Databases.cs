using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Snapshots.Changes;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using EtcdBackupAgent.Tests.Snapshots.Revisions;

namespace EtcdBackupAgent.Tests.Snapshots.Changes;

/// <summary>Small databases with chosen records.</summary>
internal static class Databases
{
    public const int PageSizeBytes = 4096;

    public static ChangesBase Identity(long r0) => new()
    {
        Id = "3f2a9c10",
        ManifestSha256 = new Sha256Digest([.. Enumerable.Repeat((byte)0x11, Sha256Digest.SizeBytes)]),
        Revision = r0,
    };

    /// <summary>A database with one put of the same key for each main revision.</summary>
    public static WrittenDatabase OfRevisions(IEnumerable<long> mains) => Of([.. mains.Select(main => Put(main))]);

    /// <summary>A database with large values.</summary>
    public static WrittenDatabase OfValues(int valueBytes, int records) =>
        Of([.. Enumerable.Range(2, records).Select(main => Put(main, valueBytes))]);

    public static WrittenDatabase Of(params IReadOnlyList<(byte[] Key, byte[] Value)> records) =>
        new(PageSizeBytes, [new WrittenBucket("key", 0, records), new WrittenBucket("meta", 0, [])]);

    public static (byte[] Key, byte[] Value) Put(long main, int valueBytes = 0, long sub = 0)
    {
        StoredRecord record = new()
        {
            Revision = new(main, sub),
            Key = "k",
            Created = 2,
            Version = main,
            Value = new byte[valueBytes],
        };
        return (record.RawKey, record.RawValue);
    }
}
