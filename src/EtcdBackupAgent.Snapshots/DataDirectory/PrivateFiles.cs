using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>Files and directories that only their owner may read, and that are on the disk before anybody relies on them.</summary>
public static partial class PrivateFiles
{
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode DirectoryMode = FileMode | UnixFileMode.UserExecute;

    private const int OpenDirectory = 0x10000 | 0x80000; // O_RDONLY | O_DIRECTORY | O_CLOEXEC
    private const int InvalidArgument = 22;
    private const int NotSupported = 95;

    public static void CreateDirectory(string path) => Directory.CreateDirectory(path, DirectoryMode);

    /// <summary>Makes a file that must not be there yet.</summary>
    public static FileStream Create(string path, long preallocationBytes = 0) => new(path, new FileStreamOptions
    {
        Mode = System.IO.FileMode.CreateNew,
        Access = FileAccess.Write,
        Share = FileShare.Read,
        UnixCreateMode = FileMode,
        PreallocationSize = preallocationBytes,
        BufferSize = 0,
    });

    /// <summary>Makes a file with all its bytes, and zeros after them up to a length.</summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes, long lengthBytes)
    {
        using FileStream file = Create(path, lengthBytes);
        file.SetLength(lengthBytes);
        RandomAccess.Write(file.SafeFileHandle, bytes, 0);
        RandomAccess.FlushToDisk(file.SafeFileHandle);
    }

    /// <summary>Makes the names in a directory durable: fsync(2) of it, which .NET does not offer.</summary>
    /// <exception cref="IOException">It failed; its HResult is the errno.</exception>
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

    private static IOException Failure(string path)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{Marshal.GetPInvokeErrorMessage(error)}: '{path}'", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FSync(SafeFileHandle file);
}
