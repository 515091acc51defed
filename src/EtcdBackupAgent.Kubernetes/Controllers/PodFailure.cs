using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Why the pod of a Job came to no end of its own: told by its status where the program itself could not
/// tell.</summary>
internal sealed class PodFailure(ConnectedCluster cluster)
{
    /// <summary>The newest pod of a Job and what kept it; null for either where nothing is known.</summary>
    public async Task<(string? Pod, string? Why)> FindAsync(string job, CancellationToken cancellationToken)
    {
        ResourceList pods = await cluster.Client.ListAsync(
            ClusterKinds.Pod, cluster.Namespace, new ResourceSelection(Labels: $"job-name={job}"), cancellationToken);
        return Newest(pods) is { } pod ? (pod.Name, Of(pod)) : (null, null);
    }

    public static PodObject? Newest(ResourceList pods) => pods.Items
        .Select(item => new PodObject(item))
        .OrderByDescending(pod => pod.CreatedAt)
        .FirstOrDefault();

    /// <summary>What is said of a Job whose pod could not say it itself.</summary>
    /// <param name="job">The Job's name.</param>
    /// <param name="why">What kept the pod, or what the Job says where that is not known.</param>
    public static BackupException Unreported(string job, string why) => new(
        FailureReason.KubernetesFailed, $"Job {job} failed, and its pod could not say why: {why.TrimEnd('.')}.")
    {
        Hint = $"'kubectl describe job {job}' and 'kubectl logs job/{job}' tell more.",
    };

    /// <summary>What is said of a Job whose pod never started; at the deadline the Job's controller removes the pod,
    /// and what it could tell.</summary>
    /// <param name="job">The Job's name.</param>
    /// <param name="end">How the Job ended.</param>
    /// <param name="cause">What was last known to keep the pod.</param>
    public static BackupException NeverStarted(string job, string end, string cause) => new(
        FailureReason.KubernetesFailed, $"Job {job} failed: {end.TrimEnd('.')}. It never started: {cause}.")
    {
        Hint = $"'kubectl describe job {job}' tells more.",
    };

    /// <summary>From the inside out: the container, the pod, where it should have run.</summary>
    public static string? Of(PodObject pod)
    {
        foreach (ContainerState container in pod.MainContainers)
        {
            if (container.Ended is { } ended)
            {
                return $"the container ended with {ended.ExitCode} ({ended.Reason ?? "no reason"})"
                    + Detail(ended.Message);
            }

            if (container.Waiting is { } waiting)
            {
                return $"the container did not start ({waiting.Reason ?? "no reason"})" + Detail(waiting.Message);
            }
        }

        if (pod.Reason is { } reason)
        {
            return $"the pod failed ({reason})" + Detail(pod.Message);
        }

        return pod.Conditions.Fails(PodObject.Scheduled)
            ? "the pod found no node" + Detail(pod.Conditions.Message(PodObject.Scheduled))
            : null;
    }

    private static string Detail(string? message) =>
        message is { Length: > 0 } ? $": {message.TrimEnd('.')}" : "";
}
