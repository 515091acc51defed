using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// Names that appear at once or not at all, and survive a power failure: what .NET does not offer. Every member throws
/// what <see cref="LinuxError"/> makes of the error.
/// </summary>
public static class DurableNames
{
    private const uint StartWrite = 2; // SYNC_FILE_RANGE_WRITE

    /// <summary>Makes the names in a directory durable: fsync(2) of it.</summary>
    public static void SyncDirectory(string path)
    {
        using SafeFileHandle directory = LinuxCalls.Open(path, LinuxCalls.Directory | LinuxCalls.CloseOnExec, mode: 0);
        if (directory.IsInvalid)
        {
            throw LinuxError.Last(path);
        }

        // Some network file systems do not know the call for directories, and write names at once.
        if (LinuxCalls.Sync(directory) != 0
            && Marshal.GetLastPInvokeError() is not (Errno.InvalidArgument or Errno.NotSupported))
        {
            throw LinuxError.Last(path);
        }
    }

    /// <summary>
    /// Renames, and replaces what has the new name; never by a copy, as .NET does between file systems.
    /// </summary>
    public static void Rename(string from, string to) => LinuxError.Check(LinuxCalls.Rename(from, to), to);

    /// <summary>
    /// Gives a file a second name, atomically, if nothing has that name. On a file system without links the file gets
    /// the new name in place of the old one.
    /// </summary>
    /// <returns>False if something has the name.</returns>
    public static bool TryLink(string file, string name)
    {
        if (LinuxCalls.MakeHardLink(file, name) == 0)
        {
            return true;
        }

        bool hasNoLinks = Marshal.GetLastPInvokeError()
            is Errno.NotPermitted or Errno.NotSupported or Errno.NotImplemented;
        if (hasNoLinks && LinuxCalls.RenameToNew(file, name) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == Errno.Exists ? false : throw LinuxError.Last(name);
    }

    /// <summary>
    /// Lets the kernel begin to write pages, so that the fsync at the end finds few left. Only advice: a file system
    /// that ignores it writes them later, and an error of the disk returns at the fsync.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">The number of bytes.</param>
    public static void StartWriteback(SafeFileHandle file, long offset, long length) =>
        _ = LinuxCalls.SyncFileRange(file, offset, length, StartWrite);
}
