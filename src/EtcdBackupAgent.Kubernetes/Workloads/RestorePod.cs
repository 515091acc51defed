using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>The pod that restores one snapshot into a claim. It needs no etcd, and it needs a specific node only if the
/// location is a directory.</summary>
internal static class RestorePod
{
    public const string ServiceAccount = "etcd-backup-agent-restore";
    public const string ContainerName = "restore";

    /// <summary>The fields of <c>spec.securityContext</c> that are copied to the pod.</summary>
    private static readonly string[] SecurityFields = ["runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"];

    /// <param name="restore">The MetadataRestore.</param>
    /// <param name="location">Where the snapshot is.</param>
    /// <param name="label">The label of the control-plane nodes.</param>
    /// <param name="image">The image to run.</param>
    public static JsonObject Template(RestoreObject restore, BackupLocation location, string label, PodImage image)
    {
        PodContainer container = new PodContainer(
            ContainerName,
            image,
            ["restore", "--kubernetes", "--restore", restore.Name, "--to", PodPaths.Restored])
            .Proxies()
            .StoreCredentials(location)
            .Passphrase(location)
            .StoreDirectory(location, isReadOnly: true)
            .Mount(
                "restored",
                new JsonObject { ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = restore.ClaimName } },
                PodPaths.Restored,
                isReadOnly: false);
        if (restore.IsRoot)
        {
            // As root, the restore sets the original owners and modes of the certificates. Any other user owns the
            // files that it restores.
            container.Capabilities("CHOWN", "FOWNER");
        }

        JsonObject described = container.ToJson();
        JsonObject specification = new()
        {
            ["restartPolicy"] = "Never",
            ["serviceAccountName"] = ServiceAccount,
            ["tolerations"] = PodPlacement.Tolerations(label),
            ["securityContext"] = SecurityContext(restore),
            ["containers"] = new JsonArray(described),
            ["volumes"] = container.Volumes,
        };
        if (restore.NodeSelector is { } chosen)
        {
            specification.Add("nodeSelector", chosen.DeepClone());
        }
        else
        {
            specification.Add("affinity", Affinity(location, label, image));
        }

        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["labels"] = Labels() },
            ["spec"] = specification,
        };
    }

    public static JsonObject Labels() => new() { [ClusterNames.TypeLabel] = "restore" };

    /// <summary>The controller has opened the directory of a ready location, so the directory is on the controller's
    /// node. If that node is not known, the directory is on a control-plane node, where backups run.</summary>
    private static JsonObject Affinity(BackupLocation location, string label, PodImage image) =>
        (location.Url.IsFile, image.Node) switch
        {
            (false, _) => PodPlacement.PreferOtherNodes(label),
            (true, null) => PodPlacement.OnControlPlane(label),
            (true, { } node) => PodPlacement.OnNode(node),
        };

    private static JsonObject SecurityContext(RestoreObject restore)
    {
        JsonObject security = new() { ["runAsUser"] = 0L };
        foreach (string field in SecurityFields)
        {
            if (restore.SecurityContext?[field] is { } value)
            {
                security[field] = value.DeepClone();
            }
        }

        if (!restore.IsRoot)
        {
            security.Add("runAsNonRoot", true);
        }

        security.Add("seccompProfile", new JsonObject { ["type"] = "RuntimeDefault" });
        return security;
    }
}
