using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>Gives so many bytes of another stream, or all but its end, and then fails.</summary>
internal sealed class BreakingStream(Stream inner, long bytes, Func<Exception> failure)
    : PullStream(inner, leaveOpen: false)
{
    private long _left = bytes;

    protected override int Pull(Span<byte> buffer)
    {
        Span<byte> wanted = buffer[..(int)Math.Min(buffer.Length, _left)];
        return Given(wanted.IsEmpty ? 0 : Source.Read(wanted));
    }

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Memory<byte> wanted = buffer[..(int)Math.Min(buffer.Length, _left)];
        return Given(wanted.IsEmpty ? 0 : await Source.ReadAsync(wanted, cancellationToken));
    }

    private int Given(int count)
    {
        _left -= count;
        return count > 0 ? count : throw failure();
    }
}
