namespace EtcdBackupAgent.Archive.Tar;

/// <summary>Extracts a tar from an untrusted source into a directory, and never outside it.</summary>
/// <remarks>
/// 1. The target must be empty. Until the end only its owner can access it and the directories that are created below
/// it.<br/>
/// 2. Each entry is checked against all earlier entries (<see cref="PlantedTree"/>): no absolute name, no <c>..</c>,
/// nothing written through a link or over another entry (a directory may occur twice), no device.<br/>
/// 3. A file is created with mode 0600 and written, then its owner is set, and last its mode. So at no time do more
/// users have access than the archive allows. The set-uid, set-gid and sticky bits are never set.<br/>
/// 4. Symbolic links are created with any target and never followed. Hard links are created only to earlier files.<br/>
/// 5. Owners (by number), modes and times of directories are set last, innermost first. Only root restores owners;
/// other users own what they extract. A directory that has no entry of its own keeps mode 0700.
/// </remarks>
public static class TarExtractor
{
    /// <summary>
    /// Reads the tar to the end of its stream and extracts it. On failure, entries that were already extracted stay,
    /// and only the owner can access the target.
    /// </summary>
    /// <param name="tar">The tar. It stays open.</param>
    /// <param name="targetDirectory">An empty directory, or one that does not exist yet.</param>
    /// <param name="cancellationToken">A cancelled call leaves the target in the same state as a failure.</param>
    /// <exception cref="ArchiveDamagedException">The bytes are not a tar, or the tar is incomplete.</exception>
    /// <exception cref="ArchiveUnsafeException">An entry is refused.</exception>
    /// <exception cref="IOException">The target is not empty, or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write to the target.</exception>
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
