namespace EtcdBackupAgent.Archive.Spilling;

/// <summary>Where a <see cref="SpillStream"/> may put what its reader does not take in time.</summary>
public sealed record SpillOptions
{
    /// <summary>The directory; null for none: the source then waits for the reader.</summary>
    public required string? Directory { get; init; }

    /// <summary>Why there is none, for <see cref="SpillReport.WhyHeld"/>; as in "the repository is not encrypted".</summary>
    public string WhyNone { get; init; } = "no scratch directory is named";

    /// <summary>Whether a directory in memory (tmpfs) is taken, too. What spills to it counts as memory of the machine, or of the container.</summary>
    public bool TakesMemory { get; init; }
}
