using System.Text.Json.Nodes;
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
        return Newest(pods) is { } pod ? (ObjectMetadata.Name(pod), Of(pod)) : (null, null);
    }

    public static JsonObject? Newest(ResourceList pods) => pods.Items
        .OrderByDescending(pod => ObjectMetadata.Find(pod, "metadata", "creationTimestamp"), StringComparer.Ordinal)
        .FirstOrDefault();

    /// <summary>What is said of a Job whose pod could not say it itself.</summary>
    /// <param name="job">The Job's name.</param>
    /// <param name="why">What kept the pod, or what the Job says where that is not known.</param>
    public static BackupException Untold(string job, string why) => new(
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
    public static string? Of(JsonObject pod)
    {
        foreach (JsonObject container in (pod["status"]?["containerStatuses"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (container["state"]?["terminated"] is JsonObject ended)
            {
                return $"the container ended with {ended["exitCode"]} ({ObjectMetadata.Find(ended, "reason") ?? "no reason"})"
                    + Detail(ended);
            }

            if (container["state"]?["waiting"] is JsonObject waiting)
            {
                return $"the container did not start ({ObjectMetadata.Find(waiting, "reason") ?? "no reason"})" + Detail(waiting);
            }
        }

        if (ObjectMetadata.Find(pod, "status", "reason") is { } reason)
        {
            return $"the pod failed ({reason})" + Detail((JsonObject)pod["status"]!);
        }

        JsonObject? scheduled = (pod["status"]?["conditions"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .FirstOrDefault(c => ObjectMetadata.Find(c, "type") == "PodScheduled" && ObjectMetadata.Find(c, "status") == "False");
        return scheduled is null ? null : "the pod found no node" + Detail(scheduled);
    }

    private static string Detail(JsonObject item) =>
        ObjectMetadata.Find(item, "message") is { Length: > 0 } message ? $": {message.TrimEnd('.')}" : "";
}
