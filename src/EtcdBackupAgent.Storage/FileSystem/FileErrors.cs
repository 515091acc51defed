using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Storage.FileSystem;

/// <summary>What the file system's errors mean for a store in a directory.</summary>
internal static class FileErrors
{
    /// <summary>Whether it comes from the file system, and not from a bug or from the content.</summary>
    public static bool IsFromFileSystem(Exception exception) =>
        // A file longer than the file system or a limit allows is an ArgumentOutOfRangeException in .NET (EFBIG).
        exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;

    /// <summary>Whether it is that a file or directory on the way is not there.</summary>
    public static bool IsMissing(Exception exception) =>
        exception is FileNotFoundException or DirectoryNotFoundException
        || exception is IOException { HResult: Errno.NoSuchEntry };

    /// <summary>What a person is told. The action is what was to be done, as in "store 'manifest.json'".</summary>
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
            FailureReason.StoreFull, $"Cannot {action} in '{path}': the file is longer than is allowed there.", exception)
        {
            Hint = "Use a file system for long files (FAT ends at 4 GiB), or raise the limit of the file size (ulimit -f).",
        },
        IOException { HResult: Errno.ReadOnlyFileSystem } => new(
            FailureReason.StoreDenied, $"Cannot {action} in '{path}': the file system is mounted read-only.", exception),
        UnauthorizedAccessException => new(
            FailureReason.StoreDenied, $"Cannot {action} in '{path}': {exception.Message}", exception)
        {
            Hint = "Run as a user who may read and write there, or give this one the right.",
        },
        _ => new(FailureReason.StoreFailed, $"Cannot {action} in '{path}': {exception.Message}", exception),
    };
}
