using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Reading;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>
/// The pod that makes one backup, on a control-plane node. It has no right to read Secrets: it receives the values that
/// it needs. See <c>docs/kubernetes.md</c>, "The pod of a backup".
/// </summary>
internal static class BackupPod
{
    public const string ServiceAccount = "etcd-backup-agent-backup";
    public const string ContainerName = "backup";

    /// <summary>The variable with the reason for the backup, which only the creator of the pod knows.</summary>
    public const string ReasonVariable = "ETCD_BACKUP_REASON";

    /// <summary>The value of <see cref="ReasonVariable"/> in the pods of a CronJob.</summary>
    public const string Scheduled = "schedule";

    /// <summary>The variable with the documents that the pod uses if the API server is unreachable.</summary>
    public const string ResourcesVariable = "ETCD_BACKUP_RESOURCES";

    /// <summary>The template of the pod.</summary>
    /// <param name="bound">A valid policy, and its location.</param>
    /// <param name="image">The image to run.</param>
    /// <param name="isScheduled">Whether a schedule starts the backup, and not a user's request.</param>
    public static JsonObject Template(BoundPolicy bound, PodImage image, bool isScheduled)
    {
        BackupPolicy policy = bound.Policy ?? throw bound.Invalid();
        BackupLocation location = bound.Location!;
        PodContainer container = new PodContainer(
            ContainerName,
            image,
            [
                "backup", "--kubernetes", "--policy", policy.Name.Name, "--etcd-creds-dir", PodPaths.EtcdCredentials,
                "--scratch-dir", PodPaths.Scratch,
            ])
            .Variable(ResourcesVariable, Resources(bound).ToJsonString())
            .Mount("scratch", new JsonObject { ["emptyDir"] = new JsonObject() }, PodPaths.Scratch, isReadOnly: false)
            .Proxies()
            .StoreCredentials(location)
            .StoreDirectory(location, isReadOnly: false);
        if (isScheduled)
        {
            container.Variable(ReasonVariable, Scheduled);
        }

        if (policy.Verify == PolicyVerification.AfterBackup)
        {
            // Only for the verification of the backup; a pod that does not verify cannot read any backup.
            container.Passphrase(location);
        }

        if (policy.EtcdEndpoints.Any(endpoint => endpoint.Scheme == Uri.UriSchemeHttps))
        {
            container.Mount("etcd-creds", SecretVolume(policy), PodPaths.EtcdCredentials, isReadOnly: true);
        }

        if (policy.CertsDirectory is { } directory)
        {
            container.Mount("certificates", PodContainer.HostPath(directory, "Directory"), directory, isReadOnly: true);
        }

        JsonObject described = container.ToJson();
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["labels"] = Labels(policy.Name.Name) },
            ["spec"] = new JsonObject
            {
                ["restartPolicy"] = "Never",
                ["serviceAccountName"] = ServiceAccount,
                ["hostNetwork"] = true,
                ["dnsPolicy"] = "ClusterFirstWithHostNet",
                ["affinity"] = PodPlacement.OnControlPlane(PodPlacement.Label(policy)),
                ["tolerations"] = PodPlacement.Tolerations(PodPlacement.Label(policy)),
                // kubeadm's keys belong to root, and root may read its own files without any capability.
                ["securityContext"] = new JsonObject
                {
                    ["runAsUser"] = 0,
                    ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
                },
                ["containers"] = new JsonArray(described),
                ["volumes"] = container.Volumes,
            },
        };
    }

    /// <summary>Returns the labels of all objects that are created for a policy.</summary>
    public static JsonObject Labels(string policy) => new()
    {
        [ClusterNames.TypeLabel] = "backup",
        [ClusterNames.PolicyLabel] = policy,
    };

    private static JsonObject SecretVolume(BackupPolicy policy) => new()
    {
        ["secret"] = new JsonObject
        {
            ["secretName"] = policy.EtcdCredentials.Name,
            // 0400
            ["defaultMode"] = 256,
        },
    };

    private static JsonObject Resources(BoundPolicy bound) => ObjectList.New(
        bound.LocationDocument!.ForPod(), bound.Document.WithoutStatus(ClusterKinds.Policy));
}
