using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Hashing;

/// <summary>Passes the bytes of its source through unchanged, counts them and computes their SHA-256.</summary>
public sealed class DigestingStream(Stream source) : PullStream(source), IDigestedStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private Sha256Digest? _digest;

    /// <inheritdoc />
    public long BytesRead { get; private set; }

    /// <inheritdoc />
    public Sha256Digest Digest() => _digest ?? throw new InvalidOperationException(
        $"The digest is available only at the end of the stream; {BytesRead} bytes were read so far.");

    protected override int Pull(Span<byte> buffer)
    {
        int bytes = Source.Read(buffer);
        Record(buffer[..bytes]);
        return bytes;
    }

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int bytes = await Source.ReadAsync(buffer, cancellationToken);
        Record(buffer.Span[..bytes]);
        return bytes;
    }

    protected override void Release() => _hash.Dispose();

    private void Record(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            _hash.AppendData(bytes);
            BytesRead += bytes.Length;
            return;
        }

        _digest ??= CurrentDigest();
    }

    private Sha256Digest CurrentDigest()
    {
        Span<byte> digest = stackalloc byte[Sha256Digest.SizeBytes];
        _hash.GetCurrentHash(digest);
        return new Sha256Digest(digest);
    }
}
