namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// What the entries so far have put below the target, which was empty before: so whether a further entry would be written
/// through a link, or over something, is known without asking the file system.
/// </summary>
internal sealed class PlantedTree
{
    private readonly Dictionary<string, EntryKind> _planted = new(StringComparer.Ordinal) { [""] = EntryKind.Directory };

    public TarSummary Summary { get; private set; } = TarSummary.Empty;

    /// <summary>Counts an entry in, and names the directories to be made first because they have had no entry of their own.</summary>
    /// <param name="entry">Any entry; only a directory may come again.</param>
    /// <param name="isNew">False for a directory that is there already.</param>
    /// <exception cref="ArchiveUnsafeException">It would go through something that is no directory, or over something.</exception>
    public IReadOnlyList<string> Admit(ArchivedEntry entry, out bool isNew)
    {
        string path = entry.Path.Relative;
        List<string> missing = [];
        foreach (string parent in entry.Path.Parents)
        {
            if (_planted.TryAdd(parent, EntryKind.Directory))
            {
                missing.Add(parent);
            }
            else if (_planted[parent] != EntryKind.Directory)
            {
                throw new ArchiveUnsafeException(
                    path, $"it would be written through {EntryPath.Shown(parent)}, which is a {Word(_planted[parent])}.");
            }
        }

        isNew = _planted.TryAdd(path, entry.Kind);
        if (!isNew && !(entry.Kind == EntryKind.Directory && _planted[path] == EntryKind.Directory))
        {
            throw new ArchiveUnsafeException(path, $"it would replace a {Word(_planted[path])} that the archive made before.");
        }

        if (entry is { Kind: EntryKind.HardLink, Earlier: { } earlier } && !IsFile(earlier.Relative))
        {
            throw new ArchiveUnsafeException(
                path, $"it is a hard link to {EntryPath.Shown(earlier.Relative)}, which is no file that came before.");
        }

        Count(entry, directories: missing.Count + (isNew ? 1 : 0));
        return missing;
    }

    private bool IsFile(string path) =>
        _planted.TryGetValue(path, out EntryKind kind) && kind == EntryKind.RegularFile;

    private void Count(ArchivedEntry entry, int directories) => Summary = entry.Kind switch
    {
        EntryKind.Directory => Summary with { Directories = Summary.Directories + directories },
        EntryKind.SymbolicLink => Summary with { Links = Summary.Links + 1, Directories = Summary.Directories + directories - 1 },
        _ => Summary with
        {
            Files = Summary.Files + 1,
            Bytes = Summary.Bytes + entry.SizeBytes,
            Directories = Summary.Directories + directories - 1,
        },
    };

    private static string Word(EntryKind kind) => kind switch
    {
        EntryKind.SymbolicLink => "symbolic link",
        EntryKind.Directory => "directory",
        _ => "file",
    };
}
