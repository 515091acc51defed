namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>How long a cluster that does not respond may delay a backup. Publishing is retried until then.</summary>
internal sealed record PublisherLimits
{
    /// <summary>The limits for a server that did not respond a moment ago.</summary>
    public static readonly PublisherLimits AfterNoResponse =
        new() { Begin = TimeSpan.FromSeconds(1), End = TimeSpan.FromSeconds(10) };

    /// <summary>The limit before the backup, which must not start late because of it.</summary>
    public TimeSpan Begin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The limit after the backup: as long as an API server takes to restart, and less than the time that a
    /// pod has to terminate.</summary>
    public TimeSpan End { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The limit after a stopped backup: its stop request waits for the end of the process.</summary>
    public TimeSpan Stopped { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The wait after the first failure.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(5);
}
