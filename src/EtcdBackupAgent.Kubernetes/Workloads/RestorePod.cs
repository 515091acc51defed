using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>
/// The pod of a restore: of a snapshot into a claim, or of objects into the cluster. It needs no etcd, and it needs a
/// specific node only if the location is a directory.
/// </summary>
internal static class RestorePod
{
    /// <summary>The service account of a restore into a claim. A restore of objects has that of its user.</summary>
    public const string ServiceAccount = "etcd-backup-agent-restore";

    public const string ContainerName = "restore";

    /// <summary>The fields of <c>spec.securityContext</c> that are copied to the pod.</summary>
    private static readonly string[] SecurityFields = ["runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"];

    private static readonly string[] NoArguments = [];

    /// <param name="restore">The MetadataRestore.</param>
    /// <param name="location">Where the snapshot is.</param>
    /// <param name="label">The label of the control-plane nodes.</param>
    /// <param name="image">The image to run.</param>
    public static JsonObject Template(RestoreObject restore, BackupLocation location, string label, PodImage image)
    {
        PodContainer container = new PodContainer(ContainerName, image, Arguments(restore))
            .Proxies()
            .StoreCredentials(location)
            .Passphrase(location)
            .StoreDirectory(location, isReadOnly: true);
        if (restore.Objects is { } objects)
        {
            MountInputs(container, objects);
        }
        else
        {
            MountClaim(container, restore);
        }

        JsonObject described = container.ToJson();
        JsonObject specification = new()
        {
            ["restartPolicy"] = "Never",
            ["serviceAccountName"] = restore.Objects?.ServiceAccount ?? ServiceAccount,
            ["tolerations"] = PodPlacement.Tolerations(label),
            ["securityContext"] = SecurityContext(restore),
            ["containers"] = new JsonArray(described),
            ["volumes"] = container.Volumes,
        };
        if (restore.Objects is not null)
        {
            // Also if the account of the user gives its token to no pod that does not ask for it.
            specification.Add("automountServiceAccountToken", true);
        }

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

    /// <summary>What is restored is read from the MetadataRestore: Kubernetes expands variables in arguments, so that a
    /// selector in them could contain the passphrase.</summary>
    private static IReadOnlyList<string> Arguments(RestoreObject restore) => restore.Objects is { } objects
        ?
        [
            "objects", "restore", "--restore", restore.Name,
            .. objects.Patches is { } patches ? ["--patch", $"{PodPaths.Patches}/{patches.Key}"] : NoArguments,
            .. objects.EncryptionConfig is { } encryption
                ? ["--encryption-config", $"{PodPaths.EncryptionConfig}/{encryption.Key}"]
                : NoArguments,
        ]
        : ["restore", "--kubernetes", "--restore", restore.Name, "--to", PodPaths.Restored];

    private static void MountClaim(PodContainer container, RestoreObject restore)
    {
        container.Mount(
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
    }

    /// <summary>Mounts what the user names beside the MetadataRestore: the service account of the pod needs no right to
    /// read it.</summary>
    private static void MountInputs(PodContainer container, RequestedObjects objects)
    {
        // An account without the right to write the status cannot report why the restore failed. The log can.
        container.LogIsMessage();
        if (objects.Patches is { } patches)
        {
            container.Mount("patches", ConfigMap(patches), PodPaths.Patches, isReadOnly: true);
        }

        if (objects.EncryptionConfig is { } encryption)
        {
            container.Mount("encryption-config", Secret(encryption), PodPaths.EncryptionConfig, isReadOnly: true);
        }
    }

    private static JsonObject ConfigMap(KeyReference patches) => new()
    {
        ["configMap"] = new JsonObject { ["name"] = patches.Name, ["items"] = Items(patches) },
    };

    private static JsonObject Secret(KeyReference encryption) => new()
    {
        ["secret"] = new JsonObject { ["secretName"] = encryption.Name, ["items"] = Items(encryption) },
    };

    private static JsonArray Items(KeyReference reference) =>
        new(new JsonObject { ["key"] = reference.Key, ["path"] = reference.Key });

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
