using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>
/// Passes on the bytes of a stream and throws at the first byte past the expected length: a forged object may
/// decompress to more than any disk can hold. A caller that reads to the end checks that the stream is not shorter.
/// </summary>
internal sealed class ExpectedLengthStream(Stream source, long lengthBytes) : PullStream(source)
{
    private long _bytes;

    protected override int Pull(Span<byte> buffer) => Count(Source.Read(buffer));

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        Count(await Source.ReadAsync(buffer, cancellationToken));

    private int Count(int read)
    {
        _bytes += read;
        return _bytes <= lengthBytes
            ? read
            : throw new ArchiveDamagedException(
                $"it contains more than the {lengthBytes} bytes that the manifest says.");
    }
}
