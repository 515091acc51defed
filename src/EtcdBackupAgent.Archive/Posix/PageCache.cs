using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// The pages of a file that the kernel keeps in memory. All of this is advice: a file system that ignores it keeps
/// them longer, and errors of the disk return when the file is read.
/// </summary>
internal static class PageCache
{
    /// <summary>SYNC_FILE_RANGE_WAIT_BEFORE, SYNC_FILE_RANGE_WRITE and SYNC_FILE_RANGE_WAIT_AFTER.</summary>
    private const uint WriteAndWait = 7;

    private const int DoNotNeed = 4; // POSIX_FADV_DONTNEED

    /// <summary>
    /// Waits until a part of a file is on the disk, so that no more unwritten pages accumulate. It is not durable.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">The number of bytes.</param>
    public static void AwaitWriteback(SafeFileHandle file, long offset, long length) =>
        _ = LinuxCalls.SyncFileRange(file, offset, length, WriteAndWait);

    /// <summary>Drops all pages of a file that are on the disk. The cost depends on the pages in memory.</summary>
    public static void Drop(SafeFileHandle file) => _ = LinuxCalls.Advise(file, offset: 0, length: 0, DoNotNeed);
}
