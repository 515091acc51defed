using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>Knows how far its source was read.</summary>
internal sealed class OffsetStream(Stream source) : PullStream(source, leaveOpen: true)
{
    public long Offset { get; private set; }

    protected override int Pull(Span<byte> buffer) => Account(Source.Read(buffer));

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        Account(await Source.ReadAsync(buffer, cancellationToken));

    private int Account(int bytes)
    {
        Offset += bytes;
        return bytes;
    }
}
