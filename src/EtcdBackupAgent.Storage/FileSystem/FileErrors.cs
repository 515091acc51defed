using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Storage.FileSystem;

/// <summary>Translates the errors of the file system for a store in a directory.</summary>
internal static class FileErrors
{
    /// <summary>Returns whether the exception comes from the file system, not from a bug or from the content.</summary>
    public static bool IsFromFileSystem(Exception exception) =>
        // .NET reports a file that is longer than the file system or a limit allows (EFBIG) as
        // ArgumentOutOfRangeException.
        exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;

    /// <summary>Returns whether the cause is a file or a parent directory that does not exist.</summary>
    public static bool IsMissing(Exception exception) =>
        exception is FileNotFoundException or DirectoryNotFoundException
        || exception is IOException { HResult: Errno.NoSuchEntry };

    /// <summary>
    /// Returns the exception for the user. The action is the failed operation, as in "store 'manifest.json'".
    /// </summary>
    public static BackupException Translate(Exception exception, string action, string path) => exception switch
    {
        IOException { HResult: Errno.NoSpace } => new(
            FailureReason.StoreFull, $"Cannot {action} in '{path}': no space is left on the file system.", exception)
        {
            Hint = "Free space, or remove old snapshots with 'prune'.",
        },
        IOException { HResult: Errno.QuotaExceeded } => new(
            FailureReason.StoreFull, $"Cannot {action} in '{path}': the disk quota is used up.", exception)
        {
            Hint = "Raise the quota, or remove old snapshots with 'prune'.",
        },
        ArgumentOutOfRangeException => new(
            FailureReason.StoreFull,
            $"Cannot {action} in '{path}': the file is longer than the file system or a limit allows.",
            exception)
        {
            Hint = "Use a file system that supports long files (FAT is limited to 4 GiB), or raise the limit of the "
                + "file size (ulimit -f).",
        },
        IOException { HResult: Errno.ReadOnlyFileSystem } => new(
            FailureReason.StoreDenied,
            $"Cannot {action} in '{path}': the file system is mounted read-only.",
            exception),
        UnauthorizedAccessException => new(
            FailureReason.StoreDenied, $"Cannot {action} in '{path}': {exception.Message}", exception)
        {
            Hint = "Run as a user who may read and write there, or give this user the permission.",
        },
        _ => new(FailureReason.StoreFailed, $"Cannot {action} in '{path}': {exception.Message}", exception),
    };
}
