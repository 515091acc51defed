using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Storage.FileSystem;

/// <summary>
/// What durable, atomic names need and .NET does not offer. Failures are <see cref="IOException"/>s whose HResult is the errno,
/// as those of .NET itself are on Unix.
/// </summary>
internal static partial class Posix
{
    public const int NoEntry = 2;
    public const int Exists = 17;
    public const int NoSpace = 28;
    public const int ReadOnlyFileSystem = 30;
    public const int DirectoryNotEmpty = 39;
    public const int QuotaExceeded = 122;

    private const int NotPermitted = 1;
    private const int AccessDenied = 13;
    private const int InvalidArgument = 22;
    private const int NotImplemented = 38;
    private const int NotSupported = 95;

    private const int OpenDirectory = 0x10000 | 0x80000; // O_RDONLY | O_DIRECTORY | O_CLOEXEC
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const uint NoReplace = 1; // RENAME_NOREPLACE
    private const uint StartWrite = 2; // SYNC_FILE_RANGE_WRITE

    /// <summary>Makes the names in a directory durable: fsync(2) of it.</summary>
    public static void SyncDirectory(string path)
    {
        using SafeFileHandle directory = Open(path, OpenDirectory);
        if (directory.IsInvalid)
        {
            throw Failure(path);
        }

        // Some network file systems have no such call for directories, and write names at once.
        if (FSync(directory) != 0 && Marshal.GetLastPInvokeError() is not (InvalidArgument or NotSupported))
        {
            throw Failure(path);
        }
    }

    /// <summary>Renames, replacing what has the new name; never by copying, as .NET would between file systems.</summary>
    public static void Rename(string from, string to)
    {
        if (RenameOver(from, to) != 0)
        {
            throw Failure(to);
        }
    }

    /// <summary>Gives a file a second name, or where the file system knows no links, a new one; atomically, if nothing has it.</summary>
    /// <returns>False if something has that name.</returns>
    public static bool TryLink(string file, string name)
    {
        if (Link(file, name) == 0)
        {
            return true;
        }

        if (Marshal.GetLastPInvokeError() is NotPermitted or NotSupported or NotImplemented)
        {
            if (RenameAt(CurrentDirectory, file, CurrentDirectory, name, NoReplace) == 0)
            {
                return true;
            }
        }

        return Marshal.GetLastPInvokeError() == Exists ? false : throw Failure(name);
    }

    /// <summary>
    /// Lets the kernel begin to write pages out, so that the fsync at the end finds little left. Only advice: a file system that
    /// does not take it writes them later.
    /// </summary>
    public static void StartWriteback(SafeFileHandle file, long offset, long length) =>
        _ = SyncFileRange(file, offset, length, StartWrite);

    private static Exception Failure(string path)
    {
        int errno = Marshal.GetLastPInvokeError();
        string message = $"{Marshal.GetPInvokeErrorMessage(errno)}: '{path}'";
        return errno is NotPermitted or AccessDenied
            ? new UnauthorizedAccessException(message)
            : new IOException(message, errno);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int RenameOver(string from, string to);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Link(string file, string name);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int RenameAt(int fromDirectory, string from, int toDirectory, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);
}
