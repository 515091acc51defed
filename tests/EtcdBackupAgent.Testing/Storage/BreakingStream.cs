using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>
/// Returns the given number of bytes of another stream and then fails, at the latest at its end. Closes that stream.
/// </summary>
internal sealed class BreakingStream(Stream inner, long bytes, Func<Exception> failure) : PullStream(inner)
{
    private long _left = bytes;

    protected override int Pull(Span<byte> buffer)
    {
        Span<byte> wanted = buffer[..(int)Math.Min(buffer.Length, _left)];
        return Count(wanted.IsEmpty ? 0 : Source.Read(wanted));
    }

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Memory<byte> wanted = buffer[..(int)Math.Min(buffer.Length, _left)];
        return Count(wanted.IsEmpty ? 0 : await Source.ReadAsync(wanted, cancellationToken));
    }

    protected override void Release() => Source.Dispose();

    protected override ValueTask ReleaseAsync() => Source.DisposeAsync();

    private int Count(int count)
    {
        _left -= count;
        return count > 0 ? count : throw failure();
    }
}
