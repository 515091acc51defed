namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>
/// Reads as much from a connection at once as has arrived. TLS reads one record of 16 KiB after the other, and each
/// would be a system call, often with a wait. Writes are not buffered. As with a socket, one read and one write can be
/// under way at the same time.
/// </summary>
internal sealed class ReadBufferedStream(Stream connection) : Stream
{
    private const int BufferBytes = 1 << 17;

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private int _start;
    private int _end;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // A read with an empty buffer waits until data is available.
        if (_start < _end || (buffer.Length > 0 && buffer.Length < BufferBytes))
        {
            return _start < _end
                ? new ValueTask<int>(CopyBuffered(buffer.Span))
                : FillAndCopyAsync(buffer, cancellationToken);
        }

        return connection.ReadAsync(buffer, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        _start < _end ? CopyBuffered(buffer.AsSpan(offset, count)) : connection.Read(buffer, offset, count);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        connection.WriteAsync(buffer, offset, count, cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => connection.Write(buffer, offset, count);

    public override void Flush() => connection.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            connection.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> FillAndCopyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        (_start, _end) = (0, 0);
        _end = await connection.ReadAsync(_buffer, cancellationToken);
        return CopyBuffered(buffer.Span);
    }

    private int CopyBuffered(Span<byte> buffer)
    {
        int bytes = Math.Min(buffer.Length, _end - _start);
        _buffer.AsSpan(_start, bytes).CopyTo(buffer);
        _start += bytes;
        return bytes;
    }
}
