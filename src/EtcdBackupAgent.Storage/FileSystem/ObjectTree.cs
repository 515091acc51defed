using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Storage.FileSystem;

/// <summary>
/// Keys as paths below one directory: what is there, in the order of keys, and directories that come and go with what is in them.
/// Symbolic links below the directory are not followed.
/// </summary>
internal sealed class ObjectTree(string root)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Root { get; } = root;

    /// <summary>The path of an object, whose directories are none that lead elsewhere.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.StoreFailed"/>: a symbolic link is on the way.</exception>
    public string PathOf(ObjectKey key)
    {
        string path = Root;
        foreach (string segment in key.Value.Split('/'))
        {
            path = Path.Combine(path, segment);
            if (new FileInfo(path).LinkTarget is { } target)
            {
                throw new BackupException(
                    FailureReason.StoreFailed,
                    $"'{path}' is a symbolic link to '{target}'; links inside of a repository's directory are not followed.");
            }
        }

        return path;
    }

    /// <summary>Makes a directory and those above it that are missing.</summary>
    /// <exception cref="IOException">Of the kind that <see cref="FileErrors.IsMissing"/> knows: another process removed one meanwhile.</exception>
    public static void CreateDirectory(string path, bool durable)
    {
        Stack<string> missing = new();
        for (string? above = path; above is not null && !Directory.Exists(above); above = Path.GetDirectoryName(above))
        {
            missing.Push(above);
        }

        foreach (string directory in missing)
        {
            Make(directory);
            if (durable)
            {
                DurableNames.SyncDirectory(Path.GetDirectoryName(directory) ?? directory);
            }
        }
    }

    private static void Make(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory, OwnerOnly);
        }
        catch (IOException e) when (e.HResult == Errno.Exists && !File.Exists(directory))
        {
            // .NET takes what is there, but looks whether it is a directory only when another process has removed it again.
            throw new DirectoryNotFoundException($"The directory '{directory}' was removed while it was made.", e);
        }
    }

    /// <summary>Removes directories below the root that nothing is left in, from these upwards, and makes that durable.</summary>
    public void RemoveEmpty(IEnumerable<string> directories)
    {
        // The longest first: one that was emptied may empty the one above.
        foreach (string start in directories.Distinct(StringComparer.Ordinal).OrderByDescending(path => path.Length))
        {
            string directory = start;
            while (directory.Length > Root.Length && TryRemove(directory))
            {
                directory = Path.GetDirectoryName(directory) ?? Root;
            }

            try
            {
                DurableNames.SyncDirectory(directory);
            }
            catch (IOException e) when (FileErrors.IsMissing(e))
            {
                // Another process removed it; that is durable or not together with what was in it.
            }
        }
    }

    /// <summary>Removes a directory unless something is in it.</summary>
    /// <returns>Whether it is not there any more.</returns>
    public static bool TryRemove(string directory)
    {
        try
        {
            Directory.Delete(directory);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException e) when (e.HResult is Errno.DirectoryNotEmpty or Errno.Exists)
        {
            return false;
        }
    }

    /// <summary>Objects whose keys start with a prefix, in the order of their keys.</summary>
    public IEnumerable<StoredObject> Walk(string prefix, CancellationToken cancellationToken) =>
        Directory.Exists(Root) ? Walk(Root, "", prefix, cancellationToken) : [];

    private IEnumerable<StoredObject> Walk(
        string directory, string keyOfDirectory, string prefix, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach ((string key, FileSystemInfo entry) in Entries(directory, keyOfDirectory))
        {
            if (entry is DirectoryInfo)
            {
                if (key.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(key, StringComparison.Ordinal))
                {
                    foreach (StoredObject below in Walk(entry.FullName, key, prefix, cancellationToken))
                    {
                        yield return below;
                    }
                }
            }
            else if (key.StartsWith(prefix, StringComparison.Ordinal) && Look(key, (FileInfo)entry) is { } found)
            {
                yield return found;
            }
        }
    }

    /// <summary>What can be an object or lead to one, with a '/' after directories: in this order of keys the whole walk is in order.</summary>
    private List<(string Key, FileSystemInfo Entry)> Entries(string directory, string keyOfDirectory)
    {
        try
        {
            return
            [
                .. new DirectoryInfo(directory).EnumerateFileSystemInfos()
                    .Where(entry => ObjectKey.IsValid(keyOfDirectory + entry.Name)
                        && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint))
                    .Select(entry => (Key: keyOfDirectory + entry.Name + (entry is DirectoryInfo ? "/" : ""), entry))
                    .OrderBy(found => found.Key, StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (FileErrors.IsMissing(e))
        {
            // Removed while the walk was on its way.
            return [];
        }
        catch (Exception e) when (FileErrors.IsFromFileSystem(e))
        {
            throw FileErrors.Translate(e, $"list '{keyOfDirectory}'", Root);
        }
    }

    private static StoredObject? Look(string key, FileInfo file)
    {
        try
        {
            return new StoredObject
            {
                Key = new ObjectKey(key),
                SizeBytes = file.Length,
                ModifiedAt = new DateTimeOffset(file.LastWriteTimeUtc),
            };
        }
        catch (FileNotFoundException)
        {
            // Removed while the walk was on its way.
            return null;
        }
    }
}
