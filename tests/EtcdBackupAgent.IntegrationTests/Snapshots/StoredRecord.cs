using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Revisions;
using Microsoft.Win32.SafeHandles;
using Mvccpb;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>One revision of one key. The value is text, or null if the key was deleted.</summary>
internal sealed record StoredRecord(
    long Main, long Sub, string Key, string? Value, long Created, long Version, long Lease)
{
    /// <summary>A longer value is shown as its digest.</summary>
    private const int ShownBytesMax = 300;

    public static string Text(ReadOnlySpan<byte> value) => value.Length <= ShownBytesMax
        ? Convert.ToHexStringLower(value)
        : $"{value.Length} bytes of SHA-256 {Convert.ToHexStringLower(SHA256.HashData(value))}";

    /// <summary>Reads all records of a snapshot file in their order with the reader of the agent.</summary>
    public static IReadOnlyList<StoredRecord> Of(string file)
    {
        using SafeFileHandle handle = File.OpenHandle(file);
        BoltDatabase database =
            BoltDatabase.Open(handle, RandomAccess.GetLength(handle) - SnapshotTrailerCheck.TrailerSizeBytes);
        RevisionReader reader = RevisionReader.OpenRequired(database);
        List<StoredRecord> records = [];
        while (reader.MoveNext())
        {
            if (!reader.TryRead(out RevisionEntry entry, out string? problem))
            {
                throw new InvalidDataException(problem);
            }

            KeyValueRecord record = entry.Record;
            records.Add(new StoredRecord(
                entry.Key.Revision.Main,
                entry.Key.Revision.Sub,
                Encoding.UTF8.GetString(record.Key),
                entry.Key.IsTombstone ? null : Text(record.Value),
                record.CreateRevision,
                record.Version,
                record.Lease));
        }

        return records;
    }

    /// <summary>Converts a key as a client reads it. A client does not see the position in the transaction.</summary>
    public static StoredRecord Of(KeyValue read) => new(
        read.ModRevision,
        0,
        read.Key.ToStringUtf8(),
        Text(read.Value.Span),
        read.CreateRevision,
        read.Version,
        read.Lease);
}
