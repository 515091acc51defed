using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>
/// Passes on what a stream holds, and refuses the first byte past the length that it must have: what was stored by somebody else may
/// decompress to more than any disk takes. That it is no shorter is for whoever reads it to the end.
/// </summary>
internal sealed class ExpectedLengthStream(Stream source, long lengthBytes) : PullStream(source, leaveOpen: true)
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
            : throw new ArchiveDamagedException($"it holds more than the {lengthBytes} bytes that the manifest says.");
    }
}
