using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>Returns the given number of bytes of another stream and then fails, at the latest at its end.</summary>
internal sealed class BreakingStream(Stream inner, long bytes, Func<Exception> failure)
    : PullStream(inner, leaveOpen: false)
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

    private int Count(int count)
    {
        _left -= count;
        return count > 0 ? count : throw failure();
    }
}
