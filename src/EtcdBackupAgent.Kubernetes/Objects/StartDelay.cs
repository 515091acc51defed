namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>Why the pod of a Job has not started.</summary>
/// <param name="Reason">Kubernetes' own reason, which kubectl shows as well: <c>Unschedulable</c>,
/// <c>FailedMount</c>.</param>
/// <param name="Description">The reason as a clause: <c>no node was found for the pod</c>.</param>
/// <param name="Detail">Kubernetes' own sentence; empty if there is none.</param>
internal sealed record StartDelay(string Reason, string Description, string Detail = "")
{
    /// <summary>The cause is gone, but the pod has not started yet; this is not a cause itself.</summary>
    public static readonly StartDelay Starting = new(
        "Starting", "the cause of the delay is gone, and the pod is being started");

    /// <summary>One of the agent's own reasons: the pod does not start and gives no reason.</summary>
    public const string NotStarted = "NotStarted";

    /// <summary>One of the agent's own reasons: there is no pod, and no event gives a reason.</summary>
    public const string NoPod = "NoPod";

    private const string MessagePrefix = "Job ";
    private const string MessageSeparator = " has not started: ";

    /// <summary>The cause alone: <c>no node was found for the pod (Unschedulable): 0/1 nodes are
    /// available</c>.</summary>
    public string Cause => $"{Description} ({Reason}){(Detail.Length == 0 ? "" : $": {Detail.TrimEnd('.')}")}";

    /// <summary>Returns the sentence for a status or an event.</summary>
    public string Message(string job) => $"{MessagePrefix}{job}{MessageSeparator}{Cause}.";

    /// <summary>Returns the key that distinguishes the event of this cause and this Job from all others.</summary>
    public string EventKey(JobObject job) => $"{job.Uid}.{Reason}".ToLowerInvariant();

    /// <summary>Returns the Job in a sentence of <see cref="Message"/>; null if the text is not such a
    /// sentence.</summary>
    public static string? JobOf(string? message) =>
        message is not null && message.StartsWith(MessagePrefix, StringComparison.Ordinal)
        && message.IndexOf(MessageSeparator, StringComparison.Ordinal) is > 0 and int end
            ? message[MessagePrefix.Length..end]
            : null;

    /// <summary>Returns the cause in a sentence of <see cref="Message"/> about this Job; null if it is about another
    /// Job.</summary>
    public static string? CauseOf(string? message, string job) =>
        JobOf(message) == job
            ? message![(MessagePrefix.Length + job.Length + MessageSeparator.Length)..].TrimEnd('.')
            : null;
}

/// <summary>A Job whose pod has not started.</summary>
/// <param name="Name">The Job's name.</param>
/// <param name="Pod">The pod's name; null if there is none.</param>
/// <param name="Begun">When the Job began.</param>
internal sealed record DelayedJob(string Name, string? Pod, DateTimeOffset Begun)
{
    /// <summary>The command that shows more.</summary>
    public string Hint => $"'kubectl describe {(Pod is null ? $"job {Name}" : $"pod {Pod}")}' shows more.";
}
