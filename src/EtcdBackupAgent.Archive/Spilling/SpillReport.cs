namespace EtcdBackupAgent.Archive.Spilling;

/// <summary>What became of a source that was faster than its reader.</summary>
public sealed record SpillReport
{
    /// <summary>The most bytes that lay in the scratch directory at a time.</summary>
    public required long SpilledBytesMax { get; init; }

    /// <summary>For how long the source stood still, all together, because nothing more could be taken from it.</summary>
    public required TimeSpan Held { get; init; }

    /// <summary>Why it was held and not spilled, the last time; null if it never was.</summary>
    public required string? WhyHeld { get; init; }
}
