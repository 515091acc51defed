using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>On which nodes pods run. A backup needs a node of the control plane, where etcd and the certificates are; a
/// restore from a directory needs the node that has the directory; any other restore may run anywhere.</summary>
/// <remarks>The older label <c>node-role.kubernetes.io/master</c> is no longer a default: kubeadm stopped setting it in
/// Kubernetes 1.24, and API servers warn about every affinity that names it
/// (https://github.com/kubernetes/kubernetes/blob/master/pkg/api/node/util.go). They do not warn about
/// tolerations.</remarks>
internal static class PodPlacement
{
    /// <summary>kubedr's option: the label of the control-plane nodes, where it is another one.</summary>
    public const string LabelOption = "master-node-label-name";

    /// <summary>What kubeadm, k3s, RKE2, OpenShift, kOps and Talos call their control-plane nodes.</summary>
    public const string LabelDefault = "node-role.kubernetes.io/control-plane";

    /// <summary>A restore counts this much against a control-plane node: the largest weight that there is.</summary>
    private const int PreferenceWeight = 100;

    private static readonly string[] TaintsDefault = [LabelDefault, "node-role.kubernetes.io/master"];

    /// <summary>The label of the nodes that a policy's backups run on.</summary>
    public static string Label(BackupPolicy policy) => policy.Options.GetValueOrDefault(LabelOption, LabelDefault);

    /// <summary>The same for a policy that was only read; null, as for one that is gone, gives the default.</summary>
    public static string Label(PolicyObject? policy) => policy?.Option(LabelOption) ?? LabelDefault;

    /// <summary>Affinity to the nodes that have the label.</summary>
    public static JsonObject OnControlPlane(string label) =>
        Required(new JsonObject { ["matchExpressions"] = new JsonArray(Expression(label, "Exists")) });

    /// <summary>Affinity to one node.</summary>
    public static JsonObject OnNode(string name) => Required(new JsonObject
    {
        // By its name and not by the label kubernetes.io/hostname, which may differ.
        ["matchFields"] = new JsonArray(new JsonObject
        {
            ["key"] = "metadata.name",
            ["operator"] = "In",
            ["values"] = new JsonArray(name),
        }),
    });

    /// <summary>Affinity to any node, and to one of the control plane only if no other is free.</summary>
    public static JsonObject RatherElsewhere(string label) => new()
    {
        ["nodeAffinity"] = new JsonObject
        {
            ["preferredDuringSchedulingIgnoredDuringExecution"] = new JsonArray(new JsonObject
            {
                ["weight"] = PreferenceWeight,
                ["preference"] = new JsonObject
                {
                    ["matchExpressions"] = new JsonArray(Expression(label, "DoesNotExist")),
                },
            }),
        },
    };

    /// <summary>Tolerations of the taints that keep other pods away from control-plane nodes.</summary>
    public static JsonArray Tolerations(string label) => new(
    [
        .. TaintsDefault.Union([label], StringComparer.Ordinal)
            .Select(key => new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoSchedule" }),
    ]);

    private static JsonObject Required(JsonObject term) => new()
    {
        ["nodeAffinity"] = new JsonObject
        {
            ["requiredDuringSchedulingIgnoredDuringExecution"] = new JsonObject
            {
                ["nodeSelectorTerms"] = new JsonArray(term),
            },
        },
    };

    private static JsonObject Expression(string label, string condition) =>
        new() { ["key"] = label, ["operator"] = condition };
}
