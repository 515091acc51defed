namespace EtcdBackupAgent.Core.Backups;

/// <summary>Passes a stream's bytes on and reports how many there have been. It does not close the stream it reads.</summary>
internal sealed class ProgressStream(
    Stream source, string step, long? totalBytes, IProgress<TransferProgress> progress) : Stream
{
    private long _bytes;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _bytes;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer) => Report(source.Read(buffer));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Report(await source.ReadAsync(buffer, cancellationToken));

    public override void Flush()
    {
        // A stream that is only read has nothing to flush.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Report(int read)
    {
        _bytes += read;
        progress.Report(new TransferProgress(step, _bytes, totalBytes));
        return read;
    }
}
