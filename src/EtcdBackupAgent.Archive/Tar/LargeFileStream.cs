using EtcdBackupAgent.Archive.Posix;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// The content of a file that is too large for memory, in exactly the length that it had when it was opened. If the
/// file grows, the added bytes are omitted with a warning. If it shrinks, reading fails because the header already has
/// the length.
/// </summary>
internal sealed class LargeFileStream(string path, SafeFileHandle file, FileStatus opened, Action<string> onWarning)
    : Stream
{
    private bool _ended;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => opened.SizeBytes;

    public override long Position { get; set; }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int wanted = (int)Math.Min(buffer.Length, Length - Position);
        if (wanted == 0)
        {
            WarnAtEnd();
            return 0;
        }

        int bytes = ReadFile(buffer[..wanted]);
        Position += bytes;
        return bytes > 0 ? bytes : throw new DirectoryReadException(
            path, $"it shrank from {Length} to {Position} bytes while it was being read.");
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) =>
        throw new NotSupportedException("This stream is forward-only.");

    public override void SetLength(long value) => throw new NotSupportedException("This stream is read-only.");

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("This stream is read-only.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }

    private int ReadFile(Span<byte> buffer)
    {
        try
        {
            return RandomAccess.Read(file, buffer, Position);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DirectoryReadException(path, e.Message, e);
        }
    }

    private void WarnAtEnd()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        FileStatus now = FileStatus.OfOpenFile(file);
        if (now.SizeBytes > Length)
        {
            onWarning(
                $"{FileName.Shown(path)} grew while it was being read: its first {Length} of {now.SizeBytes} bytes "
                + "are archived.");
        }
        else if (now.Modified != opened.Modified)
        {
            onWarning(
                $"{FileName.Shown(path)} was written while it was being read: the archive may contain a mixture of old "
                + "and new content.");
        }
    }
}
