using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>
/// Passes on the bytes of a stream and throws at the first byte past a limit. A caller that reads to the end checks
/// that the stream is not shorter, if it must not be.
/// </summary>
/// <param name="source">The stream; it stays open.</param>
/// <param name="bytesMax">The limit.</param>
/// <param name="exceeded">Returns the exception to throw.</param>
internal sealed class LimitedStream(Stream source, long bytesMax, Func<Exception> exceeded) : PullStream(source)
{
    private long _bytes;

    /// <summary>
    /// Limits a stream to the length that its manifest says: a forged object may decompress to more than any disk can
    /// hold.
    /// </summary>
    public static LimitedStream OfExpectedLength(Stream source, long lengthBytes) => new(
        source,
        lengthBytes,
        () => new ArchiveDamagedException($"it contains more than the {lengthBytes} bytes that the manifest says."));

    protected override int Pull(Span<byte> buffer) => Count(Source.Read(buffer));

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        Count(await Source.ReadAsync(buffer, cancellationToken));

    private int Count(int read)
    {
        _bytes += read;
        return _bytes <= bytesMax ? read : throw exceeded();
    }
}
