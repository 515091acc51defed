using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>The end of a bbolt file that grows page by page. What is appended is written in large pieces, in order.</summary>
internal sealed partial class BoltWriterOutput(SafeFileHandle file, int pageSizeBytes)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>The disk is to work while more is coming, so that the wait at the end is short.</summary>
    private const long StartWriteBytes = 8 << 20;

    private const uint StartWrite = 2; // SYNC_FILE_RANGE_WRITE

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private int _buffered;
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

    /// <exception cref="IOException">The disk refused it.</exception>
    public void Flush()
    {
        RandomAccess.Write(file, _buffer.AsSpan(0, _buffered), _written);
        _written += _buffered;
        _buffered = 0;
        if (_written - _started >= StartWriteBytes)
        {
            // Only advice: a file system that does not know it writes later, and an error of the disk comes again at the flush.
            _ = SyncFileRange(file, _started, _written - _started, StartWrite);
            _started = _written;
        }
    }

    private int Room()
    {
        if (_buffered == _buffer.Length)
        {
            Flush();
        }

        return _buffer.Length - _buffered;
    }

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);
}
