using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// A file that has no name in its directory. Only its owner can read and write it. It is deleted when its handle is
/// closed, even if the process is killed.
/// </summary>
public static class NamelessFile
{
    private const uint OwnerReadsAndWrites = 0x180; // 0600

    /// <summary>Creates a file on the file system of this directory.</summary>
    /// <exception cref="IOException">
    /// The directory does not exist, or no file can be created in it. The message names the directory.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write to the directory.</exception>
    public static SafeFileHandle Create(string directory)
    {
        SafeFileHandle file = LinuxCalls.Open(
            directory, LinuxCalls.ReadWrite | LinuxCalls.CloseOnExec | LinuxCalls.Temporary, OwnerReadsAndWrites);
        if (!file.IsInvalid)
        {
            return file;
        }

        int error = Marshal.GetLastPInvokeError();
        file.Dispose();

        // Not every file system knows such files (NFS does not), and each refuses in its own way.
        bool hasNoSuchFiles = error is Errno.NotSupported or Errno.IsDirectory or Errno.InvalidArgument
            || (error == Errno.NoSuchEntry && Directory.Exists(directory));
        return hasNoSuchFiles ? CreateAndUnlink(directory) : throw Failure(directory, error);
    }

    private static SafeFileHandle CreateAndUnlink(string directory)
    {
        string path = Path.Combine(directory, $".etcd-backup-agent-{Path.GetRandomFileName()}");
        using FileStream created = new(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        try
        {
            File.Delete(path);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static Exception Failure(string directory, int error)
    {
        string message = $"{Marshal.GetPInvokeErrorMessage(error)}: '{directory}'";
        return error is Errno.NotPermitted or Errno.AccessDenied
            ? new UnauthorizedAccessException(message)
            : new IOException(message, error);
    }
}
