using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Reading;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>
/// The pod that writes the change log of a policy until it is stopped. It is the pod of a backup with another verb, and
/// is restarted whenever it ends. See <c>docs/kubernetes.md</c>, "The change log".
/// </summary>
internal static class ChangeLogPod
{
    public const string ContainerName = "changelog";

    /// <summary>
    /// How long the pod may take to end: the time that the last segment has, and the time to release the lease and to
    /// write the status.
    /// </summary>
    public static readonly TimeSpan TerminationGracePeriod = ArchiveRun.StopTimeout + TimeSpan.FromSeconds(25);

    /// <summary>The template of the pod.</summary>
    /// <param name="bound">A valid policy with a change log, and its location.</param>
    /// <param name="image">The image to run.</param>
    public static JsonObject Template(BoundPolicy bound, PodImage image)
    {
        PodContainer container = BackupPod.Container(bound, image, ContainerName, "archive", isScheduled: true);
        JsonObject pod = BackupPod.Specification(bound, container, restartPolicy: "Always");
        pod.Add("terminationGracePeriodSeconds", (long)TerminationGracePeriod.TotalSeconds);
        return BackupPod.Template(Labels(bound.Name.Name), pod);
    }

    /// <summary>Returns the labels of the Deployment and of its pod.</summary>
    public static JsonObject Labels(string policy) => new()
    {
        [ClusterNames.TypeLabel] = "changelog",
        [ClusterNames.PolicyLabel] = policy,
    };
}
