using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Snapshots;

namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>
/// Passes on an artifact's plain bytes and computes their SHA-256. In the same pass it checks the trailer of an etcd
/// snapshot, which is the SHA-256 of all bytes before it.
/// </summary>
internal sealed class PlainDigestStream(Stream source) : PullStream(source)
{
    private readonly SnapshotTrailerCheck _check = new();
    private Sha256Digest? _digest;

    public long BytesRead { get; private set; }

    /// <summary>The result of the trailer check of an etcd snapshot; known at the end.</summary>
    public SnapshotTrailerResult Trailer { get; private set; }

    /// <summary>Returns the SHA-256 of the whole source.</summary>
    /// <exception cref="InvalidOperationException">The source has not been read to its end.</exception>
    public Sha256Digest Digest() =>
        _digest ?? throw new InvalidOperationException(
            $"The digest is known only at the end; {BytesRead} bytes were read so far.");

    protected override int Pull(Span<byte> buffer) => Account(buffer, Source.Read(buffer));

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int bytes = await Source.ReadAsync(buffer, cancellationToken);
        return Account(buffer.Span, bytes);
    }

    protected override void Release() => _check.Dispose();

    private int Account(ReadOnlySpan<byte> buffer, int bytes)
    {
        BytesRead += bytes;
        if (bytes > 0)
        {
            _check.Append(buffer[..bytes]);
        }
        else if (_digest is null)
        {
            Trailer = _check.Finish();
            _digest = new Sha256Digest(_check.FinishWhole());
        }

        return bytes;
    }
}
