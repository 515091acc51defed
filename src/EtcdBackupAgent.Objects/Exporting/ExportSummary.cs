namespace EtcdBackupAgent.Objects.Exporting;

/// <summary>What an export wrote, and what it left out.</summary>
/// <param name="Directory">The absolute path of the tree.</param>
/// <param name="Objects">The objects that were selected and could be read.</param>
/// <param name="Files">The files that were written, one for each object.</param>
/// <param name="Secrets">The files with a Secret.</param>
/// <param name="Omitted">How many objects were left out, by the reason.</param>
public sealed record ExportSummary(
    string Directory, long Objects, long Files, long Secrets, IReadOnlyDictionary<string, long> Omitted);
