namespace EtcdBackupAgent.Archive.Tar;

/// <summary>Checks that a tar can be extracted, without writing anything.</summary>
public static class TarInspector
{
    /// <summary>Reads a tar to the end of its stream, with every check that <see cref="TarExtractor"/> makes.</summary>
    /// <exception cref="ArchiveDamagedException">The bytes are not a tar, or the tar is incomplete.</exception>
    /// <exception cref="ArchiveUnsafeException">An entry would be refused.</exception>
    public static async Task<TarSummary> ReadAllAsync(Stream tar, CancellationToken cancellationToken)
    {
        PlantedTree tree = new();
        using TarEntries entries = new(tar);
        while (await entries.NextAsync(cancellationToken) is { } entry)
        {
            tree.Admit(entry, out _);
            await entries.CopyContentAsync(Stream.Null, cancellationToken);
        }

        return tree.Summary;
    }
}
