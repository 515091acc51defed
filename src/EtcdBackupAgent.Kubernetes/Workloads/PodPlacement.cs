using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>On which nodes a backup may run: those of the control plane, where etcd and the certificates are.</summary>
internal static class PodPlacement
{
    /// <summary>kubedr's option; a cluster may name its control-plane nodes otherwise.</summary>
    public const string LabelOption = "master-node-label-name";

    private static readonly string[] LabelsDefault =
        ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

    /// <summary>Affinity to a node that has the label, by default one of two.</summary>
    public static JsonObject Affinity(BackupPolicy policy)
    {
        JsonArray terms = new([.. Labels(policy).Select(label => new JsonObject
        {
            ["matchExpressions"] = new JsonArray(new JsonObject { ["key"] = label, ["operator"] = "Exists" }),
        })]);
        return new JsonObject
        {
            ["nodeAffinity"] = new JsonObject
            {
                ["requiredDuringSchedulingIgnoredDuringExecution"] = new JsonObject { ["nodeSelectorTerms"] = terms },
            },
        };
    }

    /// <summary>Tolerations of the taints that keep other pods away from these nodes.</summary>
    public static JsonArray Tolerations(BackupPolicy policy) => new(
    [
        .. LabelsDefault.Union(Labels(policy), StringComparer.Ordinal)
            .Select(key => new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoSchedule" }),
    ]);

    private static string[] Labels(BackupPolicy policy) =>
        policy.Options.TryGetValue(LabelOption, out string? label) ? [label] : LabelsDefault;
}
