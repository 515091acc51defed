using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Finds out from a pod's status why the pod of a Job failed, if the program in it could not report the
/// reason.</summary>
internal sealed class PodFailure(ConnectedCluster cluster)
{
    /// <summary>Returns the newest pod of a Job and why it failed; either is null if it is not known.</summary>
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

    /// <summary>The failure of a Job whose pod could not report a reason.</summary>
    /// <param name="job">The Job's name.</param>
    /// <param name="why">Why the pod failed, or the Job's own message if that is not known.</param>
    public static BackupException Unreported(string job, string why) => new(
        FailureReason.KubernetesFailed, $"Job {job} failed, and its pod could not report why: {why.TrimEnd('.')}.")
    {
        Hint = $"'kubectl describe job {job}' and 'kubectl logs job/{job}' show more.",
    };

    /// <summary>The failure of a Job whose pod never started. At the deadline the Job's controller removes the pod, and
    /// with it the pod's status.</summary>
    /// <param name="job">The Job's name.</param>
    /// <param name="end">How the Job ended.</param>
    /// <param name="cause">The last known reason why the pod did not start.</param>
    public static BackupException NeverStarted(string job, string end, string cause) => new(
        FailureReason.KubernetesFailed, $"Job {job} failed: {end.TrimEnd('.')}. It never started: {cause}.")
    {
        Hint = $"'kubectl describe job {job}' shows more.",
    };

    /// <summary>Why the pod failed; null if its status gives no reason. Looks at the container first, then at the pod,
    /// then at the node that it should have run on.</summary>
    public static string? Of(PodObject pod)
    {
        foreach (ContainerState container in pod.MainContainers)
        {
            if (container.Ended is { } ended)
            {
                return $"the container exited with code {ended.ExitCode} ({ended.Reason ?? "no reason"})"
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

        return pod.Conditions.IsFalse(PodObject.Scheduled)
            ? "no node was found for the pod" + Detail(pod.Conditions.Message(PodObject.Scheduled))
            : null;
    }

    private static string Detail(string? message) =>
        message is { Length: > 0 } ? $": {message.TrimEnd('.')}" : "";
}
