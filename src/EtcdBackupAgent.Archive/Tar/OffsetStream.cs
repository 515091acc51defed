using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>Counts the bytes that were read from its source.</summary>
internal sealed class OffsetStream(Stream source) : PullStream(source)
{
    public long Offset { get; private set; }

    protected override int Pull(Span<byte> buffer) => Count(Source.Read(buffer));

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        Count(await Source.ReadAsync(buffer, cancellationToken));

    private int Count(int bytes)
    {
        Offset += bytes;
        return bytes;
    }
}
