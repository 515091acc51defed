namespace EtcdBackupAgent.Archive.Spilling;

/// <summary>How a <see cref="SpillStream"/> handled a source that was faster than its reader.</summary>
public sealed record SpillReport
{
    /// <summary>The largest number of bytes that were in the scratch directory at a time.</summary>
    public required long SpilledBytesMax { get; init; }

    /// <summary>The total time for which the source was delayed because no more could be read from it.</summary>
    public required TimeSpan Delay { get; init; }

    /// <summary>
    /// The reason for the last delay, that is why nothing could be spilled. Null if there was no delay.
    /// </summary>
    public required string? DelayReason { get; init; }
}
