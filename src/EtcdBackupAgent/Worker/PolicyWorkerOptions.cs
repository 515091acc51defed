namespace EtcdBackupAgent.Worker;

/// <summary>The worker's times and limits.</summary>
public sealed record PolicyWorkerOptions
{
    /// <summary>How long a run under way may go on after the agent was asked to stop.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often the resources are read. A change is taken up once it has stood still for one
    /// period.</summary>
    public TimeSpan ReloadPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether documents with errors keep the worker from starting. In a cluster they do not: their status tells.</summary>
    public bool RefusesInvalidAtStart { get; init; } = true;

    /// <summary>Runs of different policies at once; further ones wait.</summary>
    public int RunsInParallelMax { get; init; } = 2;

    /// <summary>How long the question for a policy's last backup may take.</summary>
    public TimeSpan HistoryTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long after a failed question for a policy's last backup it is asked again.</summary>
    public TimeSpan HistoryRetryPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a cancelled run may take to clean up after itself.</summary>
    public TimeSpan CancellationPeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the worker may be without a sign of life: it waits for repositories meanwhile, at most twice.
    /// </summary>
    public TimeSpan SilenceMax => ReloadPeriod + (2 * HistoryTimeout);

    /// <summary>What the host has to allow for its shutdown.</summary>
    public TimeSpan StopPeriod => GracePeriod + CancellationPeriod;
}
