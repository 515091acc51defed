using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>
/// The directory a restore fills, and the staging directory within it. Until <see cref="Publish"/> nothing is visible under its own name;
/// disposing removes the staging directory and whatever is still in it, and the directories that were made for nothing.
/// </summary>
internal sealed class RestoreTarget : IDisposable
{
    /// <summary>How staging directories are called; what a killed restore left is known by it.</summary>
    private const string StagingPrefix = ".etcd-backup-agent-restore-";

    /// <summary>What an ext file system's root always holds: a fresh volume is empty all the same.</summary>
    private const string LostAndFound = "lost+found";

    private const UnixFileMode PrivateDirectory =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly MadeDirectories _made;
    private readonly bool _replaces;

    /// <summary>
    /// What <see cref="Publish"/> put into place, and where it keeps what was there before; null if nothing was.
    /// </summary>
    private readonly Stack<(string Place, string? Replaced)> _published = [];

    /// <summary>What the target is to look like once the staging directory in it is gone.</summary>
    private (UnixFileMode Mode, DateTime Modified)? _looks;

    private RestoreTarget(string target, MadeDirectories made, bool replaces)
    {
        Path = target;
        StagingPath = System.IO.Path.Combine(target, StagingPrefix + System.IO.Path.GetRandomFileName());
        _made = made;
        _replaces = replaces;
    }

    /// <summary>The directory itself, absolute.</summary>
    public string Path { get; }

    /// <summary>The staging directory, on the same file system.</summary>
    public string StagingPath { get; }

    /// <summary>Whether the directory was not there before.</summary>
    public bool WasMissing => _made.Contains(Path);

    /// <summary>Takes the directory for a restore: makes it if missing, and refuses one that is not empty.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="notEmptyHint">
    /// What to do about one that is not empty; null to take it with all that is in it.
    /// </param>
    /// <param name="besides">A directory that may be in it all the same.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public static RestoreTarget Claim(string directory, string? notEmptyHint, string? besides = null)
    {
        string target = System.IO.Path.TrimEndingDirectorySeparator(RealPath.Absolute(directory));
        MadeDirectories made = MadeDirectories.LeadingTo(target);
        try
        {
            Directory.CreateDirectory(target, PrivateDirectory);
            RemoveLeftovers(target);
            if (notEmptyHint is not null && FirstEntry(target, besides) is { } found)
            {
                throw new BackupException(
                    FailureReason.TargetUnusable, $"The directory {target} is not empty: it holds '{found}'.")
                {
                    Hint = notEmptyHint,
                };
            }

            RestoreTarget claimed = new(target, made, replaces: notEmptyHint is null);
            Directory.CreateDirectory(claimed.StagingPath, PrivateDirectory);
            return claimed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            made.RemoveEmpty();
            throw Unusable(target, e);
        }
    }

    /// <summary>The path under which a file or directory is written before it is proved.</summary>
    public string Staged(string name) => System.IO.Path.Combine(StagingPath, name);

    /// <summary>
    /// Moves a proved file or directory to its place in the target. One that was there goes if the target was taken
    /// with all that is in it; what has appeared since it was found empty is left alone.
    /// </summary>
    /// <returns>Its absolute path.</returns>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public string Publish(string name)
    {
        string place = System.IO.Path.Combine(Path, name);
        try
        {
            string? replaced = null;
            if (_replaces && System.IO.Path.Exists(place))
            {
                replaced = Staged(name + ".replaced");
                DirectoryTree.Move(place, replaced);
                _published.Push((place, replaced));
                DirectoryTree.Move(Staged(name), place);
            }
            else
            {
                DirectoryTree.Move(Staged(name), place);
                _published.Push((place, replaced));
            }

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
                _published.Push((place, null));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unusable(place, e);
            }
        }

        return Path;
    }

    /// <summary>Makes the names of what was published durable.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public void Sync()
    {
        try
        {
            DurableNames.SyncDirectory(Path);
            _made.SyncNames();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(Path, e);
        }
    }

    /// <summary>
    /// Takes back what was published, so that the target is as it was: another part of the restore failed.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/>: something of it is still there.
    /// </exception>
    public void Withdraw()
    {
        _looks = null;
        while (_published.TryPop(out (string Place, string? Replaced) one))
        {
            try
            {
                RemoveIfThere(one.Place);
                if (one.Replaced is not null)
                {
                    DirectoryTree.Move(one.Replaced, one.Place);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unusable(one.Place, e);
            }
        }
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

    /// <summary>
    /// Removes the staging directory; and the target and the directories above it, as far as they were made for the
    /// restore and got nothing.
    /// </summary>
    public void Dispose()
    {
        DirectoryTree.Remove(StagingPath);
        _made.RemoveEmpty();
        if (_looks is ({ } mode, { } modified))
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

    private static string? FirstEntry(string target, string? besides) => Directory
        .EnumerateFileSystemEntries(target)
        .Where(entry => entry != besides)
        .Select(System.IO.Path.GetFileName)
        .FirstOrDefault(name => name != LostAndFound);

    private static void RemoveIfThere(string path)
    {
        if (DirectoryTree.Names(System.IO.Path.GetDirectoryName(path)!).Contains(System.IO.Path.GetFileName(path)))
        {
            DirectoryTree.Remove(path);
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
