using System.Security.Cryptography;

namespace EtcdBackupAgent.Snapshots;

/// <summary>
/// Checks the SHA-256 that etcd appends to a snapshot while the snapshot is streamed. The length need not be known in
/// advance: the last <see cref="TrailerSizeBytes"/> bytes are kept back, and all bytes before them are hashed.
/// </summary>
/// <remarks>
/// The trailer proves that the received bytes are those that the member sent. It does not prove that the database is
/// valid: etcd hashes the file while it reads it. Source: <c>Maintenance.Snapshot</c> in etcd's
/// <c>server/etcdserver/api/v3rpc/maintenance.go</c>.
/// </remarks>
public sealed class SnapshotTrailerCheck : IDisposable
{
    /// <summary>The size of the trailer: one SHA-256 digest.</summary>
    public const int TrailerSizeBytes = SHA256.HashSizeInBytes;

    /// <summary>
    /// The size of a database is a multiple of this, so a size with a remainder of <see cref="TrailerSizeBytes"/> has a
    /// trailer.
    /// </summary>
    private const int DatabaseSizeUnitBytes = 512;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _tail = new byte[TrailerSizeBytes];
    private int _tailBytes;
    private long _sizeBytes;

    /// <summary>Whether a file of this size ends in a trailer.</summary>
    public static bool HasTrailer(long sizeBytes) => sizeBytes % DatabaseSizeUnitBytes == TrailerSizeBytes;

    /// <summary>Whether a database without a trailer can have this size.</summary>
    public static bool IsDatabaseSize(long sizeBytes) => sizeBytes % DatabaseSizeUnitBytes == 0;

    /// <summary>Appends the next bytes of the snapshot, in order. A piece may have any size, also 0.</summary>
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

    /// <summary>Returns the result for the bytes that were appended so far as a complete snapshot.</summary>
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

    /// <summary>
    /// Returns the SHA-256 of all appended bytes, including the trailer. Nothing can be appended after this call.
    /// </summary>
    public byte[] FinishWhole()
    {
        _hash.AppendData(_tail.AsSpan(0, _tailBytes));
        _tailBytes = 0;
        return _hash.GetCurrentHash();
    }

    /// <summary>
    /// Returns the trailer that etcd would have appended to these bytes, and the SHA-256 of both together. Nothing can
    /// be appended after this call.
    /// </summary>
    public (byte[] Trailer, byte[] Whole) FinishWithoutTrailer()
    {
        byte[] trailer = FinishWhole();
        _hash.AppendData(trailer);
        return (trailer, _hash.GetCurrentHash());
    }

    /// <summary>Releases the hash.</summary>
    public void Dispose() => _hash.Dispose();
}
