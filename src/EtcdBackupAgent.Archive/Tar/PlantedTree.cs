namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// Records what the entries so far have created below the target, which was empty before. So it is known without the
/// file system whether another entry would be written through a link or over an existing entry.
/// </summary>
internal sealed class PlantedTree
{
    private readonly Dictionary<string, EntryKind> _entries =
        new(StringComparer.Ordinal) { [""] = EntryKind.Directory };

    public TarSummary Summary { get; private set; } = TarSummary.Empty;

    /// <summary>
    /// Adds an entry and returns the directories that must be created first because they have no entry of their own.
    /// </summary>
    /// <param name="entry">Any entry; only a directory may occur twice.</param>
    /// <param name="isNew">False for a directory that already exists.</param>
    /// <exception cref="ArchiveUnsafeException">
    /// The entry would be written through an entry that is not a directory, or over another entry.
    /// </exception>
    public IReadOnlyList<string> Admit(ArchivedEntry entry, out bool isNew)
    {
        string path = entry.Path.Relative;
        List<string> missing = [];
        foreach (string parent in entry.Path.Parents)
        {
            if (_entries.TryAdd(parent, EntryKind.Directory))
            {
                missing.Add(parent);
            }
            else if (_entries[parent] != EntryKind.Directory)
            {
                throw new ArchiveUnsafeException(
                    path,
                    $"it would be written through {EntryPath.Shown(parent)}, which is a {Describe(_entries[parent])}.");
            }
        }

        isNew = _entries.TryAdd(path, entry.Kind);
        if (!isNew && !(entry.Kind == EntryKind.Directory && _entries[path] == EntryKind.Directory))
        {
            throw new ArchiveUnsafeException(
                path, $"it would replace a {Describe(_entries[path])} of an earlier entry.");
        }

        if (entry is { Kind: EntryKind.HardLink, Earlier: { } earlier } && !IsFile(earlier.Relative))
        {
            throw new ArchiveUnsafeException(
                path, $"it is a hard link to {EntryPath.Shown(earlier.Relative)}, which is not an earlier file.");
        }

        Count(entry, directories: missing.Count + (isNew ? 1 : 0));
        return missing;
    }

    private bool IsFile(string path) =>
        _entries.TryGetValue(path, out EntryKind kind) && kind == EntryKind.RegularFile;

    private void Count(ArchivedEntry entry, int directories) => Summary = entry.Kind switch
    {
        EntryKind.Directory => Summary with { Directories = Summary.Directories + directories },
        EntryKind.SymbolicLink => Summary with
        {
            Links = Summary.Links + 1,
            Directories = Summary.Directories + directories - 1,
        },
        _ => Summary with
        {
            Files = Summary.Files + 1,
            Bytes = Summary.Bytes + entry.SizeBytes,
            Directories = Summary.Directories + directories - 1,
        },
    };

    private static string Describe(EntryKind kind) => kind switch
    {
        EntryKind.SymbolicLink => "symbolic link",
        EntryKind.Directory => "directory",
        _ => "file",
    };
}
