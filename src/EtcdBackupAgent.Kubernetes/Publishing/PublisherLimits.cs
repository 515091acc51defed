namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>How long a backup may be held up by a cluster that does not answer. Publishing is trying again until
/// then.</summary>
internal sealed record PublisherLimits
{
    /// <summary>For a server that did not answer a moment ago.</summary>
    public static readonly PublisherLimits AfterSilence =
        new() { Begin = TimeSpan.FromSeconds(1), End = TimeSpan.FromSeconds(10) };

    /// <summary>Before the backup, which must not be late for it.</summary>
    public TimeSpan Begin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After it: as long as an API server takes to start again, and less than a pod is given to end.</summary>
    public TimeSpan End { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>After a backup that was told to stop: whoever did that waits for the end of the process.</summary>
    public TimeSpan Stopped { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The wait after a first failure.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(5);
}
