namespace EtcdBackupAgent.Archive.Spilling;

/// <summary>Where a <see cref="SpillStream"/> may store what its reader does not read in time.</summary>
public sealed record SpillOptions
{
    /// <summary>The scratch directory. If it is null, the source waits for the reader.</summary>
    public required string? Directory { get; init; }

    /// <summary>
    /// The reason why there is no directory, for <see cref="SpillReport.DelayReason"/>; for example "the repository is
    /// not encrypted".
    /// </summary>
    public string NoDirectoryReason { get; init; } = "no scratch directory is configured";

    /// <summary>
    /// Whether the directory may be in memory (tmpfs). Data that spills to it counts as memory of the machine or of the
    /// container.
    /// </summary>
    public bool AllowsMemory { get; init; }
}
