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

    private readonly string _target;
    private readonly string _staging;

    private RestoreTarget(string target)
    {
        _target = target;
        _staging = Path.Combine(target, StagingPrefix + Path.GetRandomFileName());
    }

    /// <summary>Takes the directory for a restore: makes it if missing, and refuses one that is not empty.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public static RestoreTarget Claim(string directory, bool overwrite)
    {
        string target = Path.GetFullPath(directory);
        try
        {
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

            RestoreTarget claimed = new(target);
            Directory.CreateDirectory(claimed._staging, PrivateDirectory);
            return claimed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(target, e);
        }
    }

    /// <summary>The path under which a file or directory is written before it is proved.</summary>
    public string Staged(string name) => Path.Combine(_staging, name);

    /// <summary>Moves a proved file or directory to its place in the target; one that was there goes.</summary>
    /// <returns>Its absolute path.</returns>
    public string Publish(string name)
    {
        string place = Path.Combine(_target, name);
        try
        {
            if (Path.Exists(place))
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

    public void Dispose() => Directory.Delete(_staging, recursive: true);

    /// <summary>What to say when a path of the target cannot be written.</summary>
    public static BackupException Unusable(string path, Exception why) =>
        new(FailureReason.TargetUnusable, $"Cannot restore to {path}: {why.Message}", why)
        {
            Hint = "Check that the path is a directory, that this user may write there, and that the disk has room.",
        };

    private static string? FirstEntry(string target) =>
        Directory.EnumerateFileSystemEntries(target).Select(Path.GetFileName).FirstOrDefault(n => n != LostAndFound);

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
            Directory.Delete(leftover, recursive: true);
        }
    }
}
