using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Core.Copies;

/// <summary>
/// Passes on the bytes of a stream, and fails at its end if they are not the expected ones: what reads it then stores
/// nothing.
/// </summary>
/// <param name="source">The stream; it stays open.</param>
/// <param name="problemAtEnd">Returns why the bytes are not the expected ones; null if they are.</param>
internal sealed class ExpectedStream(Stream source, Func<Exception?> problemAtEnd) : PullStream(source)
{
    protected override int Pull(Span<byte> buffer) => Check(Source.Read(buffer));

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        Check(await Source.ReadAsync(buffer, cancellationToken));

    private int Check(int read) => read == 0 && problemAtEnd() is { } problem ? throw problem : read;
}
