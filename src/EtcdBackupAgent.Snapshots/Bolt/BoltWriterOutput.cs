using EtcdBackupAgent.Archive.Posix;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Appends pages to a bbolt file. Writes large pieces in order, each while the next one is filled: copying pages to the
/// kernel is most of the work of a restore.
/// </summary>
/// <param name="file">The file, open for writing.</param>
/// <param name="pageSizeBytes">The size of a page.</param>
/// <param name="startBytes">Where the first page is written: a multiple of the size of a page.</param>
internal sealed class BoltWriterOutput(SafeFileHandle file, int pageSizeBytes, long startBytes) : IDisposable
{
    private const int BufferBytes = 1 << 20;

    /// <summary>
    /// The number of bytes after which the disk starts to write, so that the wait at the end is short.
    /// </summary>
    private const long StartWriteBytes = 8 << 20;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private int _buffered;

    /// <summary>The piece that is being written; the current write owns it.</summary>
    private byte[] _piece = GC.AllocateUninitializedArray<byte>(BufferBytes);

    private Task _writing = Task.CompletedTask;
    private long _written = startBytes;
    private long _started = startBytes;

    /// <summary>The size of the file, including bytes that are not written yet.</summary>
    public long SizeBytes => _written + _buffered;

    /// <summary>The number of the next page.</summary>
    public ulong NextPage => (ulong)(SizeBytes / pageSizeBytes);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int copied = Math.Min(bytes.Length, FreeBytes());
            bytes[..copied].CopyTo(_buffer.AsSpan(_buffered));
            _buffered += copied;
            bytes = bytes[copied..];
        }
    }

    /// <summary>Pads the current page with zeros.</summary>
    public void FillPage()
    {
        int missing = (int)((pageSizeBytes - (SizeBytes % pageSizeBytes)) % pageSizeBytes);
        while (missing > 0)
        {
            int copied = Math.Min(missing, FreeBytes());
            _buffer.AsSpan(_buffered, copied).Clear();
            _buffered += copied;
            missing -= copied;
        }
    }

    /// <summary>Writes all remaining bytes and waits until they are written.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Flush()
    {
        StartWriting();
        _writing.GetAwaiter().GetResult();
    }

    /// <summary>
    /// Waits for the current write, which uses the file. Ignores its error: the caller already got it, or is failing
    /// anyway.
    /// </summary>
    public void Dispose() => _ = Task.WhenAny(_writing).GetAwaiter().GetResult();

    /// <summary>Waits for the previous piece and starts to write this one.</summary>
    private void StartWriting()
    {
        _writing.GetAwaiter().GetResult();
        (_buffer, _piece) = (_piece, _buffer);
        (int bytes, long offset) = (_buffered, _written);
        _written += bytes;
        _buffered = 0;
        _writing = Task.Run(() => Write(bytes, offset));
    }

    private void Write(int bytes, long offset)
    {
        RandomAccess.Write(file, _piece.AsSpan(0, bytes), offset);
        long written = offset + bytes;
        if (written - _started >= StartWriteBytes)
        {
            DurableNames.StartWriteback(file, _started, written - _started);
            _started = written;
        }
    }

    private int FreeBytes()
    {
        if (_buffered == _buffer.Length)
        {
            StartWriting();
        }

        return _buffer.Length - _buffered;
    }
}
