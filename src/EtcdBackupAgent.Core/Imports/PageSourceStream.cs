using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>Reads bytes that can be read at any place as a stream. It does not close them.</summary>
/// <param name="source">The bytes.</param>
/// <param name="length">Their number.</param>
internal sealed class PageSourceStream(IPageSource source, long length) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        int bytes = (int)Math.Clamp(length - Position, 0, buffer.Length);
        source.ReadExactly(buffer[..bytes], Position);
        Position += bytes;
        return bytes;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<int>(cancellationToken)
            : ValueTask.FromResult(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin)
    {
        long from = origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => Position,
            _ => length,
        };
        return from + offset < 0
            ? throw new IOException("The position is before the beginning.")
            : Position = from + offset;
    }

    public override void Flush()
    {
        // Nothing is ever written.
    }

    public override void SetLength(long value) => throw ReadOnly();

    public override void Write(byte[] buffer, int offset, int count) => throw ReadOnly();

    private static NotSupportedException ReadOnly() => new("This stream is read-only.");
}
