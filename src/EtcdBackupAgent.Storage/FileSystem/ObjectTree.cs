using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Storage.FileSystem;

/// <summary>
/// Maps keys to paths below one directory: lists objects in the order of their keys, and creates and removes their
/// directories as needed. Symbolic links below the directory are not followed.
/// </summary>
internal sealed class ObjectTree(string root)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Root { get; } = root;

    /// <summary>Returns the path of an object, and checks that none of its directories is a symbolic link.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.StoreFailed"/>: the path contains a symbolic link.
    /// </exception>
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
                    $"'{path}' is a symbolic link to '{target}'; links inside a repository's directory are not "
                    + "followed.");
            }
        }

        return path;
    }

    /// <summary>Creates a directory and its missing parents.</summary>
    /// <exception cref="IOException">
    /// Another process removed one of them in the meantime; <see cref="FileErrors.IsMissing"/> is true for it.
    /// </exception>
    public static void CreateDirectory(string path, bool durable)
    {
        Stack<string> missing = new();
        for (string? above = path; above is not null && !Directory.Exists(above); above = Path.GetDirectoryName(above))
        {
            missing.Push(above);
        }

        foreach (string directory in missing)
        {
            Create(directory);
            if (durable)
            {
                DurableNames.SyncDirectory(Path.GetDirectoryName(directory) ?? directory);
            }
        }
    }

    private static void Create(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory, OwnerOnly);
        }
        catch (IOException e) when (e.HResult == Errno.Exists && !File.Exists(directory))
        {
            // .NET accepts an existing entry. It checks whether that is a directory only after another process has
            // removed it again.
            throw new DirectoryNotFoundException($"The directory '{directory}' was removed while it was created.", e);
        }
    }

    /// <summary>
    /// Removes empty directories below the root, from the given ones upwards, and makes that durable.
    /// </summary>
    public void RemoveEmpty(IEnumerable<string> directories)
    {
        // The longest path first: a removal may leave the parent empty.
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
                // Another process removed it. The removal becomes durable together with the removal of its content.
            }
        }
    }

    /// <summary>Removes a directory if it is empty.</summary>
    /// <returns>Whether the directory no longer exists.</returns>
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

    /// <summary>Lists the objects whose keys start with a prefix, in the order of their keys.</summary>
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
                if (key.StartsWith(prefix, StringComparison.Ordinal)
                    || prefix.StartsWith(key, StringComparison.Ordinal))
                {
                    foreach (StoredObject below in Walk(entry.FullName, key, prefix, cancellationToken))
                    {
                        yield return below;
                    }
                }
            }
            else if (key.StartsWith(prefix, StringComparison.Ordinal) && Describe(key, (FileInfo)entry) is { } found)
            {
                yield return found;
            }
        }
    }

    /// <summary>
    /// Returns the entries that can be an object or contain one, with a '/' after directories. In this order of keys
    /// the whole walk is in order.
    /// </summary>
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
            // Removed during the walk.
            return [];
        }
        catch (Exception e) when (FileErrors.IsFromFileSystem(e))
        {
            throw FileErrors.Translate(e, $"list '{keyOfDirectory}'", Root);
        }
    }

    private static StoredObject? Describe(string key, FileInfo file)
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
            // Removed during the walk.
            return null;
        }
    }
}
