using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Whether the pod of a Job has started.</summary>
/// <param name="HasStarted">Whether the pod has started.</param>
/// <param name="Pod">The pod's name; null if there is none, or if it was not read.</param>
/// <param name="Delay">Why the pod does not start; null if no reason is known.</param>
/// <param name="RecheckAfter">When to check again; null: a change of the Job causes the next check.</param>
internal sealed record JobStart(
    bool HasStarted, string? Pod = null, StartDelay? Delay = null, TimeSpan? RecheckAfter = null);

/// <summary>Finds out why the pod of a Job does not start.</summary>
/// <remarks>
/// <para>
/// 1. If the Job has a running pod, has ended or is young: send no request.
/// 2. Read the Job's pod.
/// 3. If it has not started: look for a cause in the events about it, or about the Job if there is no pod.
/// </para>
/// <para>
/// Pods and events are not watched. Such a watch would be open at all times, for the few minutes of a year in which a
/// pod does not start; and the Job, which is watched, shows that its pod has started. Therefore they are read with two
/// requests each time, and only while a Job is older than <see cref="ControllerOptions.StartGracePeriod"/> and has not
/// started.
/// </para>
/// </remarks>
internal sealed class JobStarts(ConnectedCluster cluster, ControllerOptions options, TimeProvider time)
{
    private static readonly JobStart Started = new(HasStarted: true);

    /// <param name="job">The Job as it was read.</param>
    /// <param name="cancellationToken">A cancelled call has changed nothing.</param>
    /// <exception cref="ApiStatusException">A request failed; likewise the other exceptions of
    /// <see cref="KubernetesClient"/>.</exception>
    public async Task<JobStart> CheckAsync(JobObject job, CancellationToken cancellationToken)
    {
        // 1
        if (JobState.IsEnding(job) || JobState.HasReadyPod(job))
        {
            return Started;
        }

        TimeSpan age = time.GetUtcNow() - JobState.StartTime(job);
        if (age < options.StartGracePeriod)
        {
            // A Job with a start in the future was created by another clock.
            TimeSpan remaining = options.StartGracePeriod - age;
            return new JobStart(
                false,
                RecheckAfter: remaining < options.StartGracePeriod ? remaining : options.StartGracePeriod);
        }

        // 2
        ResourceList pods = await cluster.Client.ListAsync(
            ClusterKinds.Pod,
            cluster.Namespace,
            new ResourceSelection(Labels: $"job-name={job.Name}"),
            cancellationToken);
        PodObject? pod = PodFailure.Newest(pods);
        if (pod is not null && PodState.HasStarted(pod))
        {
            return new JobStart(true, pod.Name);
        }

        // 3
        IReadOnlyCollection<EventObject> events =
            await EventsAsync(pod is null ? job : pod, cancellationToken);
        StartDelay? delay = pod is null
            ? WithoutPod(job, events)
            : PodState.Delay(pod, events) ?? (age < options.UnexplainedDelayMax ? null : Unexplained(pod, events));
        return new JobStart(false, pod?.Name, delay, options.Recheck);
    }

    private async Task<IReadOnlyCollection<EventObject>> EventsAsync(
        ClusterObject about, CancellationToken cancellationToken)
    {
        ResourceList events = await cluster.Client.ListAsync(
            ClusterKinds.Event,
            cluster.Namespace,
            new ResourceSelection(Fields: $"involvedObject.uid={about.Uid}"),
            cancellationToken);
        return [.. events.Items.Select(item => new EventObject(item))];
    }

    private static StartDelay WithoutPod(JobObject job, IReadOnlyCollection<EventObject> events)
    {
        if (job.IsSuspended)
        {
            return new StartDelay("Suspended", "the Job is suspended");
        }

        WarningEvents warnings = new(events.Select(item => WithoutPodNames(item, job.Name)));
        return warnings.Latest() is var (reason, message)
            ? new StartDelay(reason, "no pod could be created", message)
            : new StartDelay(
                StartDelay.NoPod,
                "no pod was created, and no event gives a reason",
                "check that kube-controller-manager is running");
    }

    private static StartDelay Unexplained(PodObject pod, IReadOnlyCollection<EventObject> events) => new(
        StartDelay.NotStarted,
        "the pod takes a long time to start and gives no reason",
        PodState.DescribeProgress(pod, events));

    /// <summary>Each attempt to create a pod has another pod name in its message: <c>pods
    /// "nightly-backup-1f2e3d4c-x7k2p" is forbidden</c>.</summary>
    private static EventObject WithoutPodNames(EventObject item, string job)
    {
        string message = item.Message ?? "";
        string before = $"\"{job}-";
        int start = message.IndexOf(before, StringComparison.Ordinal);
        int end = start < 0 ? -1 : message.IndexOf('"', start + before.Length);
        return end < 0
            ? item
            : item.WithMessage(string.Concat(message.AsSpan(0, start + before.Length), "…", message.AsSpan(end)));
    }
}
