using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Whether the pod of a Job has started.</summary>
/// <param name="HasStarted">Whether it has.</param>
/// <param name="Pod">The pod's name; null if there is none, or it was not looked for.</param>
/// <param name="Delay">What keeps it; null if nothing does, as far as is known.</param>
/// <param name="LookAgain">When to look again; null: a change of the Job will call for it.</param>
internal sealed record JobStart(
    bool HasStarted, string? Pod = null, StartDelay? Delay = null, TimeSpan? LookAgain = null);

/// <summary>Finds out why the pod of a Job does not start.</summary>
/// <remarks>
/// <para>
/// 1. A Job that has a running pod, or has ended, and one that is young: nothing is asked.
/// 2. Read the Job's pod.
/// 3. If it has not started: read the events about it, or about the Job where there is no pod, for a cause.
/// </para>
/// <para>
/// Pods and events are not watched. A watch of them would be open at all times, for the few minutes of a year in
/// which a pod does not start; and that a pod has started is seen by its Job, which is watched. So they are read, two
/// requests each time, and only while a Job is older than <see cref="ControllerOptions.StartPatience"/> and has not
/// started.
/// </para>
/// </remarks>
internal sealed class JobStarts(ConnectedCluster cluster, ControllerOptions options, TimeProvider time)
{
    private static readonly JobStart Started = new(HasStarted: true);

    /// <param name="job">As it was read.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="ApiStatusException">As all that <see cref="KubernetesClient"/> throws.</exception>
    public async Task<JobStart> LookAsync(JobObject job, CancellationToken cancellationToken)
    {
        // 1
        if (JobState.IsEnding(job) || JobState.HasReadyPod(job))
        {
            return Started;
        }

        TimeSpan age = time.GetUtcNow() - JobState.Started(job);
        if (age < options.StartPatience)
        {
            // A Job from the future was made by another clock.
            TimeSpan rest = options.StartPatience - age;
            return new JobStart(false, LookAgain: rest < options.StartPatience ? rest : options.StartPatience);
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
            : PodState.Delay(pod, events) ?? (age < options.StartSilenceMax ? null : Silent(pod, events));
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
            ? new StartDelay(reason, "no pod could be made", message)
            : new StartDelay(
                StartDelay.NoPod,
                "no pod was made, and no event says why",
                "see whether kube-controller-manager is running");
    }

    private static StartDelay Silent(PodObject pod, IReadOnlyCollection<EventObject> events) => new(
        StartDelay.NotStarted, "the pod takes long and gives no reason", PodState.Whereabouts(pod, events));

    /// <summary>Each attempt to make a pod names another one: <c>pods "nightly-backup-1f2e3d4c-x7k2p" is
    /// forbidden</c>.</summary>
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
