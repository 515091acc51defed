using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>
/// The directory that a restore or an export fills, and the staging directory within it. Until <see cref="Publish"/>
/// nothing is visible under its final name. Disposing removes the staging directory with its content, and the created
/// directories that are still empty.
/// </summary>
public sealed class RestoreTarget : IDisposable
{
    /// <summary>
    /// The prefix of the names of staging directories. It identifies the remains of a killed restore.
    /// </summary>
    private const string StagingPrefix = ".etcd-backup-agent-restore-";

    /// <summary>
    /// The root of an ext file system always contains this directory; a new volume counts as empty nevertheless.
    /// </summary>
    private const string LostAndFound = "lost+found";

    private const UnixFileMode PrivateDirectory =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly MadeDirectories _made;
    private readonly bool _replaces;

    /// <summary>
    /// The places that <see cref="Publish"/> filled, and where it keeps the previous content; null if there was none.
    /// </summary>
    private readonly Stack<(string Place, string? Replaced)> _published = [];

    /// <summary>The mode and time that the target gets after the staging directory is removed.</summary>
    private (UnixFileMode Mode, DateTime Modified)? _finalAttributes;

    private RestoreTarget(string target, MadeDirectories made, bool replaces)
    {
        Path = target;
        StagingPath = System.IO.Path.Combine(target, StagingPrefix + System.IO.Path.GetRandomFileName());
        _made = made;
        _replaces = replaces;
    }

    /// <summary>The absolute path of the directory.</summary>
    public string Path { get; }

    /// <summary>The absolute path of the staging directory, on the same file system.</summary>
    public string StagingPath { get; }

    /// <summary>Whether the directory did not exist before.</summary>
    public bool WasMissing => _made.Contains(Path);

    /// <summary>Claims a directory for a restore: creates it if missing, and refuses it if it is not empty.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="notEmptyHint">
    /// The hint for a directory that is not empty; null to accept it with its content.
    /// </param>
    /// <param name="exceptEntry">A directory that the target may contain.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public static RestoreTarget Claim(string directory, string? notEmptyHint, string? exceptEntry = null)
    {
        string target = System.IO.Path.TrimEndingDirectorySeparator(RealPath.Absolute(directory));
        MadeDirectories made = MadeDirectories.LeadingTo(target);
        try
        {
            Directory.CreateDirectory(target, PrivateDirectory);
            RemoveLeftovers(target);
            if (notEmptyHint is not null && FirstEntry(target, exceptEntry) is { } found)
            {
                throw new BackupException(
                    FailureReason.TargetUnusable, $"The directory {target} is not empty: it contains '{found}'.")
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

    /// <summary>Returns the path where a file or directory is written before it is verified.</summary>
    public string Staged(string name) => System.IO.Path.Combine(StagingPath, name);

    /// <summary>
    /// Moves a verified file or directory to its place in the target. It replaces an existing one if the target was
    /// claimed with its content. It does not replace anything that appeared after the target was found to be empty.
    /// </summary>
    /// <returns>The absolute path.</returns>
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

    /// <summary>
    /// Moves the content of a verified directory into the target, and gives the target its mode and time.
    /// </summary>
    /// <returns>The target's absolute path.</returns>
    public string PublishContent(string name)
    {
        _finalAttributes = (File.GetUnixFileMode(Staged(name)), Directory.GetLastWriteTimeUtc(Staged(name)));
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
    /// Removes the published content and restores the previous content, because another part of the restore failed.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.TargetUnusable"/>: some of the content remains.
    /// </exception>
    public void Withdraw()
    {
        _finalAttributes = null;
        while (_published.TryPop(out (string Place, string? Replaced) one))
        {
            try
            {
                RemoveIfExists(one.Place);
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

    /// <summary>Throws early and with both numbers, instead of late on a full disk.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public void RequireRoom(long bytes, string forWhat)
    {
        long free = new DriveInfo(Path).AvailableFreeSpace;
        if (free < bytes)
        {
            throw new BackupException(
                FailureReason.TargetUnusable,
                $"The file system of {Path} has {free} bytes free, but {forWhat} need {bytes}.")
            {
                Hint = "Free some space, or choose a directory on another file system.",
            };
        }
    }

    /// <summary>Removes the staging directory, and the created directories that are still empty.</summary>
    public void Dispose()
    {
        DirectoryTree.Remove(StagingPath);
        _made.RemoveEmpty();
        if (_finalAttributes is ({ } mode, { } modified))
        {
            File.SetUnixFileMode(Path, mode);
            Directory.SetLastWriteTimeUtc(Path, modified);
        }
    }

    /// <summary>Returns the exception for a path of the target that cannot be written.</summary>
    public static BackupException Unusable(string path, Exception why) =>
        new(FailureReason.TargetUnusable, $"Cannot restore to {path}: {why.Message}", why)
        {
            Hint = "Check that the path is a directory, that this user may write to it, and that the disk has room.",
        };

    private static string? FirstEntry(string target, string? exceptEntry) => Directory
        .EnumerateFileSystemEntries(target)
        .Where(entry => entry != exceptEntry)
        .Select(System.IO.Path.GetFileName)
        .FirstOrDefault(name => name != LostAndFound);

    private static void RemoveIfExists(string path)
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
