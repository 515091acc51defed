using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Cluster;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>The pod that restores one snapshot into a claim. It needs neither etcd nor a control-plane node.</summary>
internal static class RestorePod
{
    public const string ServiceAccount = "etcd-backup-agent-restore";
    public const string ContainerName = "restore";

    /// <param name="restore">Name of the MetadataRestore.</param>
    /// <param name="claim">Name of the PersistentVolumeClaim.</param>
    /// <param name="location">Where the snapshot is.</param>
    /// <param name="image">What to run.</param>
    public static JsonObject Template(string restore, string claim, BackupLocation location, PodImage image)
    {
        PodContainer container = new PodContainer(
            ContainerName, image, ["restore", "--kubernetes", "--restore", restore, "--to", PodPaths.Restored])
            .StoreCredentials(location)
            .Passphrase(location)
            .StoreDirectory(location, isReadOnly: true)
            // The certificates get the owners and modes that they had.
            .Capabilities("CHOWN", "FOWNER")
            .Mount(
                "restored",
                new JsonObject { ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = claim } },
                PodPaths.Restored,
                isReadOnly: false);
        JsonObject described = container.ToJson();
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["labels"] = Labels() },
            ["spec"] = new JsonObject
            {
                ["restartPolicy"] = "Never",
                ["serviceAccountName"] = ServiceAccount,
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

    public static JsonObject Labels() => new() { [ClusterNames.TypeLabel] = "restore" };
}
