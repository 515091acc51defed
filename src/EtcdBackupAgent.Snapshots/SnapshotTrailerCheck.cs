using System.Security.Cryptography;

namespace EtcdBackupAgent.Snapshots;

/// <summary>
/// Checks the SHA-256 that etcd appends to a snapshot, while the snapshot passes by. The length need not be known: of what was
/// appended, all but the last <see cref="TrailerSizeBytes"/> bytes are hashed, and those are held back.
/// </summary>
/// <remarks>
/// The trailer proves that the transfer gave what the member sent, not that the database is sound: etcd hashes the file as it
/// reads it. Source: <c>Maintenance.Snapshot</c> in etcd's <c>server/etcdserver/api/v3rpc/maintenance.go</c>.
/// </remarks>
public sealed class SnapshotTrailerCheck : IDisposable
{
    /// <summary>Bytes of the trailer: one SHA-256 digest.</summary>
    public const int TrailerSizeBytes = SHA256.HashSizeInBytes;

    /// <summary>
    /// Bytes that a database's size is a multiple of; so a size with a remainder of <see cref="TrailerSizeBytes"/> has a trailer.
    /// </summary>
    private const int DatabaseSizeUnitBytes = 512;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _tail = new byte[TrailerSizeBytes];
    private int _tailBytes;
    private long _sizeBytes;

    /// <summary>Whether a file of this size ends in a trailer.</summary>
    public static bool HasTrailer(long sizeBytes) => sizeBytes % DatabaseSizeUnitBytes == TrailerSizeBytes;

    /// <summary>Takes the next bytes of the snapshot, in order; pieces of any size, empty ones too.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _sizeBytes += bytes.Length;
        if (bytes.Length >= TrailerSizeBytes)
        {
            _hash.AppendData(_tail.AsSpan(0, _tailBytes));
            _hash.AppendData(bytes[..^TrailerSizeBytes]);
            bytes[^TrailerSizeBytes..].CopyTo(_tail);
            _tailBytes = TrailerSizeBytes;
            return;
        }

        int overflow = Math.Max(0, _tailBytes + bytes.Length - TrailerSizeBytes);
        _hash.AppendData(_tail.AsSpan(0, overflow));
        _tail.AsSpan(overflow, _tailBytes - overflow).CopyTo(_tail);
        _tailBytes -= overflow;
        bytes.CopyTo(_tail.AsSpan(_tailBytes));
        _tailBytes += bytes.Length;
    }

    /// <summary>Judges what was appended so far as a whole snapshot.</summary>
    public SnapshotTrailerResult Finish()
    {
        if (!HasTrailer(_sizeBytes))
        {
            return SnapshotTrailerResult.Missing;
        }

        Span<byte> computed = stackalloc byte[TrailerSizeBytes];
        _hash.GetCurrentHash(computed);
        return computed.SequenceEqual(_tail) ? SnapshotTrailerResult.Valid : SnapshotTrailerResult.Mismatch;
    }

    /// <summary>The SHA-256 of everything that was appended, the trailer included. Nothing can be appended after it.</summary>
    public byte[] FinishWhole()
    {
        _hash.AppendData(_tail.AsSpan(0, _tailBytes));
        _tailBytes = 0;
        return _hash.GetCurrentHash();
    }

    public void Dispose() => _hash.Dispose();
}
