using EtcdBackupAgent.Archive.Posix;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// The end of a bbolt file that grows page by page. What is appended is written in large pieces, in order, each while the next one is
/// put together: copying pages into the kernel is most of the work of a restore.
/// </summary>
internal sealed class BoltWriterOutput(SafeFileHandle file, int pageSizeBytes) : IDisposable
{
    private const int BufferBytes = 1 << 20;

    /// <summary>The disk is to work while more is coming, so that the wait at the end is short.</summary>
    private const long StartWriteBytes = 8 << 20;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private int _buffered;

    /// <summary>The piece that is being written; the writing under way owns it.</summary>
    private byte[] _piece = GC.AllocateUninitializedArray<byte>(BufferBytes);

    private Task _writing = Task.CompletedTask;
    private long _written;
    private long _started;

    /// <summary>Bytes of the file, those that are not written yet included.</summary>
    public long SizeBytes => _written + _buffered;

    /// <summary>The number of the page that is begun next.</summary>
    public ulong NextPage => (ulong)(SizeBytes / pageSizeBytes);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int taken = Math.Min(bytes.Length, Room());
            bytes[..taken].CopyTo(_buffer.AsSpan(_buffered));
            _buffered += taken;
            bytes = bytes[taken..];
        }
    }

    /// <summary>Fills the page that was begun with zeros.</summary>
    public void FillPage()
    {
        int missing = (int)((pageSizeBytes - (SizeBytes % pageSizeBytes)) % pageSizeBytes);
        while (missing > 0)
        {
            int taken = Math.Min(missing, Room());
            _buffer.AsSpan(_buffered, taken).Clear();
            _buffered += taken;
            missing -= taken;
        }
    }

    /// <summary>Writes what is not written yet, and waits for all of it.</summary>
    /// <exception cref="IOException">The disk refused it.</exception>
    public void Flush()
    {
        HandOver();
        _writing.GetAwaiter().GetResult();
    }

    /// <summary>Waits for the writing under way, which uses the file. What it failed with was told, or nobody asks any more.</summary>
    public void Dispose() => _ = Task.WhenAny(_writing).GetAwaiter().GetResult();

    /// <summary>Waits for the piece before, and lets this one be written.</summary>
    private void HandOver()
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

    private int Room()
    {
        if (_buffered == _buffer.Length)
        {
            HandOver();
        }

        return _buffer.Length - _buffered;
    }
}
