using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>Passes bytes through until there are more than a limit. The source stays open.</summary>
internal sealed class LimitedStream(Stream source, long bytesMax) : PullStream(source)
{
    private long _bytes;

    protected override int Pull(Span<byte> buffer) => Count(Source.Read(buffer));

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        Count(await Source.ReadAsync(buffer, cancellationToken));

    private int Count(int bytes)
    {
        _bytes += bytes;
        return _bytes <= bytesMax ? bytes : throw new ChangesTooLargeException();
    }
}

/// <summary>The changes have more stored bytes than they may have; nothing was stored.</summary>
internal sealed class ChangesTooLargeException() : Exception("The changes are larger than they may be.");
