namespace EtcdBackupAgent.Archive.Streams;

/// <summary>
/// A stream that is only read, from its beginning to its end. A subclass reads asynchronously; a synchronous read waits
/// for that unless the subclass has a better way.
/// </summary>
public abstract class ForwardOnlyStream : Stream
{
    public override bool CanRead => true;

    public sealed override bool CanSeek => false;

    public sealed override bool CanWrite => false;

    public sealed override long Length => throw new NotSupportedException("The length is not known before the end.");

    public sealed override long Position
    {
        get => throw ForwardOnly();
        set => throw ForwardOnly();
    }

    public abstract override ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default);

    public sealed override Task<int> ReadAsync(
        byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    public sealed override void Flush()
    {
        // Nothing is ever written.
    }

    public sealed override long Seek(long offset, SeekOrigin origin) => throw ForwardOnly();

    public sealed override void SetLength(long value) => throw ReadOnly();

    public sealed override void Write(byte[] buffer, int offset, int count) => throw ReadOnly();

    private static NotSupportedException ForwardOnly() => new("This stream is read-only and forward-only.");

    private static NotSupportedException ReadOnly() => new("This stream is read-only.");
}
