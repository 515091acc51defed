using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Backups;
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

    /// <summary>The account of the pods that read objects through the API server; it may list them.</summary>
    public const string ObjectsServiceAccount = "etcd-backup-agent-objects";

    public const string ContainerName = "backup";

    /// <summary>The variable with the reason for the backup, which only the creator of the pod knows.</summary>
    public const string ReasonVariable = "ETCD_BACKUP_REASON";

    /// <summary>The value of <see cref="ReasonVariable"/> in the pods of a CronJob.</summary>
    public const string Scheduled = "schedule";

    /// <summary>The variable with the reason in the words of the user who requested the backup.</summary>
    public const string NoteVariable = "ETCD_BACKUP_NOTE";

    /// <summary>The variable with the documents that the pod uses if the API server is unreachable.</summary>
    public const string ResourcesVariable = "ETCD_BACKUP_RESOURCES";

    /// <summary>The template of the pod.</summary>
    /// <param name="bound">A valid policy, and its location.</param>
    /// <param name="image">The image to run.</param>
    /// <param name="isScheduled">Whether a schedule starts the backup, and not a user's request.</param>
    /// <param name="occasion">Why the backup is made, if a request starts it; null for a schedule.</param>
    public static JsonObject Template(
        BoundPolicy bound, PodImage image, bool isScheduled, BackupOccasion? occasion = null)
    {
        PodContainer container = Container(bound, image, ContainerName, "backup", isScheduled, Marks(occasion));
        if (occasion?.Note is { } note)
        {
            container.Variable(NoteVariable, note);
        }

        return Template(Labels(bound.Name.Name), Specification(bound, container, restartPolicy: "Never"));
    }

    /// <summary>The options for what the snapshot is marked with. The note is in a variable.</summary>
    private static string[] Marks(BackupOccasion? occasion) => occasion is null
        ? []
        :
        [
            .. occasion.NameSuffix is { } suffix ? ["--name-suffix", suffix] : Array.Empty<string>(),
            .. occasion.Labels.SelectMany(label => new[] { "--label", $"{label.Key}={label.Value}" }),
            .. occasion.RestorePoint is { } revision
                ? ["--restore-point", revision.ToString(CultureInfo.InvariantCulture)]
                : Array.Empty<string>(),
        ];

    /// <summary>The container of a pod that makes backups of a policy, with everything that a verb needs.</summary>
    /// <param name="bound">A valid policy, and its location.</param>
    /// <param name="image">The image to run.</param>
    /// <param name="name">The name of the container.</param>
    /// <param name="verb">The verb of the command line.</param>
    /// <param name="isScheduled">Whether the policy starts the pod, and not a user's request.</param>
    /// <param name="options">More options of the verb; none by default.</param>
    internal static PodContainer Container(
        BoundPolicy bound,
        PodImage image,
        string name,
        string verb,
        bool isScheduled,
        IReadOnlyList<string>? options = null)
    {
        BackupPolicy policy = bound.Policy ?? throw bound.Invalid();
        BackupLocation location = bound.Location!;
        PodContainer container = new PodContainer(
            name,
            image,
            [
                verb, "--kubernetes", "--policy", policy.Name.Name, "--etcd-creds-dir", PodPaths.EtcdCredentials,
                "--scratch-dir", PodPaths.Scratch, .. options ?? [],
            ])
            .Variable(ResourcesVariable, Resources(bound).ToJsonString())
            .Mount("scratch", new JsonObject { ["emptyDir"] = new JsonObject() }, PodPaths.Scratch, isReadOnly: false)
            .Proxies()
            .StoreCredentials(location)
            .SigningKey(location)
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

        return container;
    }

    /// <summary>The specification of such a pod.</summary>
    internal static JsonObject Specification(BoundPolicy bound, PodContainer container, string restartPolicy)
    {
        BackupPolicy policy = bound.Policy!;
        JsonObject specification = new()
        {
            ["restartPolicy"] = restartPolicy,
            ["serviceAccountName"] = policy.Objects is null ? ServiceAccount : ObjectsServiceAccount,
        };
        string label = PodPlacement.Label(policy);
        if (NeedsControlPlane(policy, bound.Location!))
        {
            specification.Add("hostNetwork", true);
            specification.Add("dnsPolicy", "ClusterFirstWithHostNet");
            specification.Add("affinity", PodPlacement.OnControlPlane(label));
        }
        else
        {
            specification.Add("affinity", PodPlacement.PreferOtherNodes(label));
        }

        specification.Add("tolerations", PodPlacement.Tolerations(label));

        // kubeadm's keys belong to root, and root may read its own files without any capability.
        specification.Add(
            "securityContext",
            new JsonObject
            {
                ["runAsUser"] = 0,
                ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
            });
        specification.Add("containers", new JsonArray(container.ToJson()));
        specification.Add("volumes", container.Volumes);
        return specification;
    }

    /// <summary>
    /// Whether the pod reads or writes anything that only a control-plane node has: etcd, certificates, or a directory
    /// as its location. Managed clusters have no such node that takes pods.
    /// </summary>
    private static bool NeedsControlPlane(BackupPolicy policy, BackupLocation location) =>
        policy.Objects is null || policy.CertsDirectory is not null || location.Url.IsFile;

    /// <summary>The template of a pod.</summary>
    internal static JsonObject Template(JsonObject labels, JsonObject specification) => new()
    {
        ["metadata"] = new JsonObject { ["labels"] = labels },
        ["spec"] = specification,
    };

    /// <summary>Returns the labels of all objects that are created for the backups of a policy.</summary>
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
