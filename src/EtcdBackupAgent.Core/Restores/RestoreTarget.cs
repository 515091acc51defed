using EtcdBackupAgent.Archive.FileSystem;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>
/// The directory a restore fills, and the staging directory within it. Until <see cref="Publish"/> nothing is visible under its own name;
/// disposing removes the staging directory and whatever is still in it.
/// </summary>
internal sealed class RestoreTarget : IDisposable
{
    /// <summary>How staging directories are called; what a killed restore left is known by it.</summary>
    private const string StagingPrefix = ".etcd-backup-agent-restore-";

    /// <summary>What an ext file system's root always holds: a fresh volume is empty all the same.</summary>
    private const string LostAndFound = "lost+found";

    private const UnixFileMode PrivateDirectory =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly bool _wasMissing;

    /// <summary>What the target is to look like once the staging directory in it is gone.</summary>
    private (UnixFileMode Mode, DateTime Modified)? _looks;

    private RestoreTarget(string target, bool wasMissing)
    {
        Path = target;
        StagingPath = System.IO.Path.Combine(target, StagingPrefix + System.IO.Path.GetRandomFileName());
        _wasMissing = wasMissing;
    }

    /// <summary>The directory itself, absolute.</summary>
    public string Path { get; }

    /// <summary>The staging directory, on the same file system.</summary>
    public string StagingPath { get; }

    /// <summary>Takes the directory for a restore: makes it if missing, and refuses one that is not empty.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public static RestoreTarget Claim(string directory, bool overwrite)
    {
        string target = System.IO.Path.GetFullPath(directory);
        try
        {
            bool wasMissing = !Directory.Exists(target);
            Directory.CreateDirectory(target, PrivateDirectory);
            RemoveLeftovers(target);
            if (!overwrite && FirstEntry(target) is { } found)
            {
                throw new BackupException(
                    FailureReason.TargetUnusable, $"The directory {target} is not empty: it holds '{found}'.")
                {
                    Hint = "Name an empty or new directory, or add --overwrite to replace the files of an earlier restore.",
                };
            }

            RestoreTarget claimed = new(target, wasMissing);
            Directory.CreateDirectory(claimed.StagingPath, PrivateDirectory);
            return claimed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(target, e);
        }
    }

    /// <summary>The path under which a file or directory is written before it is proved.</summary>
    public string Staged(string name) => System.IO.Path.Combine(StagingPath, name);

    /// <summary>Moves a proved file or directory to its place in the target; one that was there goes.</summary>
    /// <returns>Its absolute path.</returns>
    public string Publish(string name)
    {
        string place = System.IO.Path.Combine(Path, name);
        try
        {
            if (System.IO.Path.Exists(place))
            {
                Move(place, Staged(name + ".replaced"));
            }

            Move(Staged(name), place);
            return place;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(place, e);
        }
    }

    /// <summary>Makes the target itself what a proved directory is: all that is in it, and its mode and time.</summary>
    /// <returns>The target's absolute path.</returns>
    public string PublishContent(string name)
    {
        _looks = (File.GetUnixFileMode(Staged(name)), Directory.GetLastWriteTimeUtc(Staged(name)));
        foreach (string entry in DirectoryTree.Names(Staged(name)))
        {
            string place = System.IO.Path.Join(Path, entry);
            try
            {
                DirectoryTree.Move(System.IO.Path.Join(Staged(name), entry), place);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unusable(place, e);
            }
        }

        return Path;
    }

    /// <summary>Fails early and with both numbers, rather than late on a full disk.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public void RequireRoom(long bytes, string forWhat)
    {
        long free = new DriveInfo(Path).AvailableFreeSpace;
        if (free < bytes)
        {
            throw new BackupException(
                FailureReason.TargetUnusable,
                $"The file system of {Path} has {free} bytes free, and {forWhat} need {bytes}.")
            {
                Hint = "Make room, or name a directory on another file system.",
            };
        }
    }

    /// <summary>Removes the staging directory; and the target, if it was made for the restore and got nothing.</summary>
    public void Dispose()
    {
        DirectoryTree.Remove(StagingPath);
        if (_wasMissing && !Directory.EnumerateFileSystemEntries(Path).Any())
        {
            Directory.Delete(Path);
        }
        else if (_looks is ({ } mode, { } modified))
        {
            File.SetUnixFileMode(Path, mode);
            Directory.SetLastWriteTimeUtc(Path, modified);
        }
    }

    /// <summary>What to say when a path of the target cannot be written.</summary>
    public static BackupException Unusable(string path, Exception why) =>
        new(FailureReason.TargetUnusable, $"Cannot restore to {path}: {why.Message}", why)
        {
            Hint = "Check that the path is a directory, that this user may write there, and that the disk has room.",
        };

    private static string? FirstEntry(string target) =>
        Directory.EnumerateFileSystemEntries(target).Select(System.IO.Path.GetFileName).FirstOrDefault(n => n != LostAndFound);

    private static void Move(string from, string to)
    {
        if (Directory.Exists(from))
        {
            Directory.Move(from, to);
        }
        else
        {
            File.Move(from, to);
        }
    }

    private static void RemoveLeftovers(string target)
    {
        foreach (string leftover in Directory.EnumerateDirectories(target, StagingPrefix + "*"))
        {
            DirectoryTree.Remove(leftover);
        }
    }
}
