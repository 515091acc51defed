namespace EtcdBackupAgent.Archive.Tar;

/// <summary>Extracts a tar that somebody else may have written into a directory, and never out of it.</summary>
/// <remarks>
/// 1. The target is empty and, until the end, open to its owner only: so are the directories made below it.<br/>
/// 2. Each entry is checked against all before it (<see cref="PlantedTree"/>): no absolute name, no <c>..</c>, nothing
/// written through a link or over another entry (a directory may come again), no device.<br/>
/// 3. A file is made with mode 0600, filled, given to its owner, and only then gets its mode: never, not for a moment, is it
/// open to more than the archive says. Nothing gets set-uid, set-gid or the sticky bit.<br/>
/// 4. Symbolic links are made as they are, wherever they point, and never followed. Hard links are made to earlier files only.<br/>
/// 5. Owners (by number), modes and times of directories come last, the innermost first. Owners are restored by root only: others
/// own what they extract. A directory that has no entry of its own keeps 0700.
/// </remarks>
public static class TarExtractor
{
    /// <summary>Reads the tar to the end of its stream. When it fails, what was extracted so far stays, and the target stays closed to others.</summary>
    /// <param name="tar">A tar; stays open.</param>
    /// <param name="targetDirectory">An empty directory, or one that does not exist yet.</param>
    /// <param name="cancellationToken">Leaves the target as a failure does.</param>
    /// <exception cref="ArchiveDamagedException">The bytes are no tar, or not a whole one.</exception>
    /// <exception cref="ArchiveUnsafeException">An entry is refused.</exception>
    /// <exception cref="IOException">The target is not empty, or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The target must not be written.</exception>
    public static async Task<TarSummary> ExtractAsync(
        Stream tar, string targetDirectory, CancellationToken cancellationToken)
    {
        // 1.
        ExtractionTarget target = ExtractionTarget.Prepare(targetDirectory);

        PlantedTree tree = new();
        using TarEntries entries = new(tar);
        while (await entries.NextAsync(cancellationToken) is { } entry)
        {
            // 2.
            IReadOnlyList<string> missing = tree.Admit(entry, out bool isNew);
            foreach (string directory in missing)
            {
                target.MakeDirectory(directory);
            }

            // 3. and 4.
            switch (entry.Kind)
            {
                case EntryKind.Directory:
                    target.AddDirectory(entry, isNew);
                    break;
                case EntryKind.SymbolicLink:
                    target.AddSymbolicLink(entry);
                    break;
                case EntryKind.HardLink:
                    target.AddHardLink(entry);
                    break;
                default:
                    await target.AddFileAsync(entry, entries, cancellationToken);
                    break;
            }
        }

        // 5.
        target.FinishDirectories();
        return tree.Summary;
    }
}
