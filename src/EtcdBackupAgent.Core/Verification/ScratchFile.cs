using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Failures;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>
/// A database on disk for as long as it is looked into, in a <see cref="NamelessFile"/>: however the process ends, no plaintext stays under any
/// name.
/// </summary>
internal sealed class ScratchFile : IDisposable
{
    private const int CopyBufferBytes = 1 << 18;

    private readonly string _directory;
    private readonly FileStream _file;

    private ScratchFile(string directory, FileStream file)
    {
        _directory = directory;
        _file = file;
    }

    /// <summary>Opens a file in a directory that has room for so many bytes.</summary>
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
                : throw Unusable(directory, $"the database has {sizeBytes} bytes, and there is room for {freeBytes}");
        }
        catch (Exception e)
        {
            file?.Dispose();
            if (IsOfFile(e))
            {
                throw Unusable(directory, e);
            }

            throw;
        }
    }

    /// <summary>Writes a whole snapshot into the file; whether it is sound is for the stream to say.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/> if it cannot be written.</exception>
    public async Task FillAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        try
        {
            await snapshot.CopyToAsync(_file, CopyBufferBytes, cancellationToken);
        }
        catch (Exception e) when (IsOfFile(e))
        {
            throw Unusable(_directory, e);
        }
    }

    /// <summary>Looks into the file with a loop that computes and reads, off the caller's thread.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/> if the file cannot be read.</exception>
    public async Task<T> LookAsync<T>(Func<SafeFileHandle, T> look, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(() => look(_file.SafeFileHandle), cancellationToken);
        }
        catch (Exception e) when (IsOfFile(e))
        {
            throw Unusable(_directory, e);
        }
    }

    public void Dispose() => _file.Dispose();

    private static bool IsOfFile(Exception e) =>
        e is (IOException or UnauthorizedAccessException) && !ArtifactReader.IsOfContent(e);

    private static BackupException Unusable(string directory, Exception why) => Unusable(directory, why.Message.TrimEnd('.'), why);

    private static BackupException Unusable(string directory, string why, Exception? inner = null) =>
        new(FailureReason.TargetUnusable, $"The scratch directory {directory} cannot take the database: {why}.", inner)
        {
            Hint = "Name a directory that this user may write and that has room, with --scratch-dir or the variable TMPDIR.",
        };
}
