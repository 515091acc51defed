using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>
/// A database, or the objects of a snapshot, on disk while they are examined, in a <see cref="NamelessFile"/>: no file
/// with plaintext remains, no matter how the process ends.
/// </summary>
internal sealed class ScratchFile : IDisposable
{
    private readonly string _directory;
    private readonly FileStream _file;

    private ScratchFile(string directory, FileStream file)
    {
        _directory = directory;
        _file = file;
    }

    /// <summary>Opens a file in a directory that has room for this number of bytes.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>, naming the directory.</exception>
    public static ScratchFile Create(string directory, long sizeBytes)
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(NamelessFile.Create(directory), FileAccess.ReadWrite, bufferSize: 0);
            long freeBytes = new DriveInfo(Path.GetFullPath(directory)).AvailableFreeSpace;
            return freeBytes >= sizeBytes
                ? new ScratchFile(directory, file)
                : throw Unusable(directory, $"the database has {sizeBytes} bytes, but only {freeBytes} are free");
        }
        catch (Exception e)
        {
            file?.Dispose();
            if (IsFileFailure(e))
            {
                throw Unusable(directory, e);
            }

            throw;
        }
    }

    /// <summary>Fills the file.</summary>
    /// <param name="write">Writes to the file, and to files without a name in the directory.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/> if it cannot be written; or what the function throws.
    /// </exception>
    public async Task<T> FillAsync<T>(Func<FileStream, string, Task<T>> write)
    {
        try
        {
            return await write(_file, _directory);
        }
        catch (Exception e) when (IsFileFailure(e))
        {
            throw Unusable(_directory, e);
        }
    }

    /// <summary>Runs a function that reads the file, on a thread of the pool.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/> if the file cannot be read.
    /// </exception>
    public async Task<T> ReadAsync<T>(Func<SafeFileHandle, T> read, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(() => read(_file.SafeFileHandle), cancellationToken);
        }
        catch (Exception e) when (IsFileFailure(e))
        {
            throw Unusable(_directory, e);
        }
    }

    public void Dispose() => _file.Dispose();

    private static bool IsFileFailure(Exception e) =>
        e is (IOException or UnauthorizedAccessException) && !ArtifactReader.IsContentFailure(e);

    private static BackupException Unusable(string directory, Exception why) =>
        Unusable(directory, why.Message.TrimEnd('.'), why);

    private static BackupException Unusable(string directory, string why, Exception? inner = null) =>
        new(FailureReason.TargetUnusable, $"The scratch directory {directory} cannot hold the database: {why}.", inner)
        {
            Hint = "Choose a scratch directory that this user may write to and that has room.",
            Settings = [Setting.ScratchDirectory],
        };
}
