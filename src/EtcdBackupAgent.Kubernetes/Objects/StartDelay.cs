namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>Why the pod of a Job has not started.</summary>
/// <param name="Reason">Kubernetes' own word, which kubectl shows as well: <c>Unschedulable</c>,
/// <c>FailedMount</c>.</param>
/// <param name="What">The same as a clause: <c>the pod found no node</c>.</param>
/// <param name="Detail">Kubernetes' own sentence; empty if there is none.</param>
internal sealed record StartDelay(string Reason, string What, string Detail = "")
{
    /// <summary>Nothing is wrong any more, and the pod has not started yet; not a cause.</summary>
    public static readonly StartDelay UnderWay = new("Starting", "what kept the pod is over, and it is being started");

    /// <summary>A reason of ours: the pod does not start and gives no reason.</summary>
    public const string NotStarted = "NotStarted";

    /// <summary>A reason of ours: there is no pod, and no event says why.</summary>
    public const string NoPod = "NoPod";

    private const string Before = "Job ";
    private const string After = " has not started: ";

    /// <summary>The cause alone: <c>the pod found no node (Unschedulable): 0/1 nodes are available</c>.</summary>
    public string Cause => $"{What} ({Reason}){(Detail.Length == 0 ? "" : $": {Detail.TrimEnd('.')}")}";

    /// <summary>A sentence for a status or an event.</summary>
    public string Message(string job) => $"{Before}{job}{After}{Cause}.";

    /// <summary>Tells the event of this cause and this Job from all others.</summary>
    public string EventKey(JobObject job) => $"{job.Uid}.{Reason}".ToLowerInvariant();

    /// <summary>The Job in a sentence of <see cref="Message"/>; null if it is no such sentence.</summary>
    public static string? JobOf(string? message) =>
        message is not null && message.StartsWith(Before, StringComparison.Ordinal)
        && message.IndexOf(After, StringComparison.Ordinal) is > 0 and int end
            ? message[Before.Length..end]
            : null;

    /// <summary>The cause in a sentence of <see cref="Message"/> about this Job; null if it is about another
    /// one.</summary>
    public static string? CauseOf(string? message, string job) =>
        JobOf(message) == job ? message![(Before.Length + job.Length + After.Length)..].TrimEnd('.') : null;
}

/// <summary>A Job whose pod has not started.</summary>
/// <param name="Name">The Job's name.</param>
/// <param name="Pod">The pod's name; null if there is none.</param>
/// <param name="Begun">When the Job began.</param>
internal sealed record DelayedJob(string Name, string? Pod, DateTimeOffset Begun)
{
    /// <summary>Where to read more.</summary>
    public string Hint => $"'kubectl describe {(Pod is null ? $"job {Name}" : $"pod {Pod}")}' tells more.";
}
