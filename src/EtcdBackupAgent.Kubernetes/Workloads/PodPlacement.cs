using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>Selects the nodes on which pods run. A backup needs a node of the control plane, where etcd and the
/// certificates are; a restore from a directory needs the node that has the directory; any other restore may run
/// anywhere.</summary>
/// <remarks>The older label <c>node-role.kubernetes.io/master</c> is no longer a default: kubeadm stopped setting it in
/// Kubernetes 1.24, and API servers warn about every affinity that names it
/// (https://github.com/kubernetes/kubernetes/blob/master/pkg/api/node/util.go). They do not warn about
/// tolerations.</remarks>
internal static class PodPlacement
{
    /// <summary>kubedr's option: the label of the control-plane nodes, if it is not the default.</summary>
    public const string LabelOption = "master-node-label-name";

    /// <summary>The label of control-plane nodes in kubeadm, k3s, RKE2, OpenShift, kOps and Talos.</summary>
    public const string LabelDefault = "node-role.kubernetes.io/control-plane";

    /// <summary>The weight of a restore's preference for other nodes than those of the control plane: the largest
    /// possible weight.</summary>
    private const int PreferenceWeight = 100;

    private static readonly string[] TaintsDefault = [LabelDefault, "node-role.kubernetes.io/master"];

    /// <summary>Returns the label of the nodes on which a policy's backups run.</summary>
    public static string Label(BackupPolicy policy) => policy.Options.GetValueOrDefault(LabelOption, LabelDefault);

    /// <summary>Returns the same label for a policy that is not bound. Null, for a policy that no longer exists, gives
    /// the default.</summary>
    public static string Label(PolicyObject? policy) => policy?.Option(LabelOption) ?? LabelDefault;

    /// <summary>Returns the affinity to the nodes with the label.</summary>
    public static JsonObject OnControlPlane(string label) =>
        Required(new JsonObject { ["matchExpressions"] = new JsonArray(Expression(label, "Exists")) });

    /// <summary>Returns the affinity to one node.</summary>
    public static JsonObject OnNode(string name) => Required(new JsonObject
    {
        // Selects the node by its name and not by the label kubernetes.io/hostname, which may differ.
        ["matchFields"] = new JsonArray(new JsonObject
        {
            ["key"] = "metadata.name",
            ["operator"] = "In",
            ["values"] = new JsonArray(name),
        }),
    });

    /// <summary>Returns the affinity to any node; a node of the control plane is used only if no other is
    /// free.</summary>
    public static JsonObject PreferOtherNodes(string label) => new()
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

    /// <summary>Returns the tolerations of the taints that keep other pods away from control-plane nodes.</summary>
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
