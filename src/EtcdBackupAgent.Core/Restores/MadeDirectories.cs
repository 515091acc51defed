using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>
/// The directories that a restore creates for its target: the target itself and its parents, if they are missing.
/// </summary>
internal sealed class MadeDirectories
{
    private readonly List<string> _innermostFirst;

    private MadeDirectories(List<string> innermostFirst) => _innermostFirst = innermostFirst;

    /// <summary>
    /// Finds the missing directories of an absolute path without a slash at its end, before any is created.
    /// </summary>
    public static MadeDirectories LeadingTo(string target)
    {
        List<string> missing = [];
        for (string? path = target; path is not null && !Path.Exists(path); path = Path.GetDirectoryName(path))
        {
            missing.Add(path);
        }

        return new MadeDirectories(missing);
    }

    public bool Contains(string target) => _innermostFirst.Contains(target);

    /// <summary>
    /// Removes the existing empty directories, from the innermost outwards; stops at the first one that is not empty.
    /// </summary>
    /// <exception cref="IOException">The system refused it.</exception>
    public void RemoveEmpty()
    {
        foreach (string directory in _innermostFirst.Where(Directory.Exists))
        {
            if (Directory.EnumerateFileSystemEntries(directory).Any())
            {
                return;
            }

            Directory.Delete(directory);
        }
    }

    /// <summary>Makes the names of the directories durable.</summary>
    /// <exception cref="IOException">The system refused it.</exception>
    public void SyncNames()
    {
        foreach (string directory in _innermostFirst)
        {
            DurableNames.SyncDirectory(Path.GetDirectoryName(directory)!);
        }
    }
}
