namespace EtcdBackupAgent.Worker;

/// <summary>The worker's times and limits.</summary>
public sealed record PolicyWorkerOptions
{
    /// <summary>How long a run under way can continue after the agent is asked to stop.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often the resources are read. A change is applied when it has not changed for one period.</summary>
    public TimeSpan ReloadPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether documents with errors fail the start of the worker. In a cluster they do not: their status shows the
    /// errors.
    /// </summary>
    public bool RefusesInvalidAtStart { get; init; } = true;

    /// <summary>The number of runs of different policies at the same time; further ones wait.</summary>
    public int RunsInParallelMax { get; init; } = 2;

    /// <summary>How long it can take to read a policy's last backup from the repository.</summary>
    public TimeSpan HistoryTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long to wait before retrying to read a policy's last backup.</summary>
    public TimeSpan HistoryRetryPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a cancelled run can take to clean up.</summary>
    public TimeSpan CancellationPeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the worker can be silent. It waits for repositories meanwhile, at most twice.
    /// </summary>
    public TimeSpan SilenceMax => ReloadPeriod + (2 * HistoryTimeout);

    /// <summary>The time that the host must allow for its shutdown.</summary>
    public TimeSpan StopPeriod => GracePeriod + CancellationPeriod;
}
