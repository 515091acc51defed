using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Reading;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>
/// The pod that makes one backup, on a control-plane node. It may read no Secret: what it needs of them it is given. See
/// <c>docs/kubernetes.md</c>, "The pod of a backup".
/// </summary>
internal static class BackupPod
{
    public const string ServiceAccount = "etcd-backup-agent-backup";
    public const string ContainerName = "backup";

    /// <summary>Why the backup is made, which only who makes the pod knows.</summary>
    public const string ReasonVariable = "ETCD_BACKUP_REASON";

    /// <summary>The value of <see cref="ReasonVariable"/> in the pods of a CronJob.</summary>
    public const string Scheduled = "schedule";

    /// <summary>The documents that the pod goes by when the API server cannot be asked.</summary>
    public const string ResourcesVariable = "ETCD_BACKUP_RESOURCES";

    /// <summary>The template of the pod.</summary>
    /// <param name="bound">A policy that is right, and its location.</param>
    /// <param name="image">What to run.</param>
    /// <param name="isScheduled">Whether a schedule calls for it, or somebody.</param>
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
            // Only to look into what was made; a pod that does not verify cannot read any backup.
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
                // kubeadm's keys are root's, and root may read what is its own without any capability.
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

    /// <summary>What everything that is made for a policy is known by.</summary>
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
