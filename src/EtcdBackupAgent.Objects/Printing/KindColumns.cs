using System.Text.Json;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Selecting;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>
/// The columns of <c>kubectl get -o wide</c> for the kinds that are looked at most, besides the name. All others have
/// the age alone. Source: https://kubernetes.io/docs/reference/kubectl/ and the output of kubectl.
/// </summary>
public static class KindColumns
{
    private const string None = "<none>";

    private static readonly ObjectColumn Age = new("AGE", ObjectAge.Of);

    private static readonly ObjectColumn Selector = Column("SELECTOR", item => Pairs(item, "spec", "selector"));

    private static readonly ObjectColumn[] Workload =
    [
        Age,
        Column("CONTAINERS", item => Containers(item, "name")),
        Column("IMAGES", item => Containers(item, "image")),
        Column("SELECTOR", item => Pairs(item, "spec", "selector", "matchLabels")),
    ];

    private static readonly Dictionary<GroupResource, ObjectColumn[]> Wide = new()
    {
        [new("", "pods")] =
        [
            Column("READY", item =>
                $"{Statuses(item).Count(status => Fields.Text(status, "ready") == "true")}"
                + $"/{Fields.Items(item, "spec", "containers").Count()}"),
            Column("STATUS", item =>
                Fields.Text(item, "status", "reason") ?? Fields.Text(item, "status", "phase") ?? ""),
            Column("RESTARTS", item => $"{Statuses(item).Sum(status => Fields.Number(status, "restartCount"))}"),
            Age,
            Column("IP", item => Fields.Text(item, "status", "podIP") ?? None),
            Column("NODE", item => Fields.Text(item, "spec", "nodeName") ?? None),
        ],
        [new("apps", "deployments")] =
        [
            Column("READY", item =>
                $"{Fields.Number(item, "status", "readyReplicas")}/{Fields.Number(item, "spec", "replicas")}"),
            Column("UP-TO-DATE", item => $"{Fields.Number(item, "status", "updatedReplicas")}"),
            Column("AVAILABLE", item => $"{Fields.Number(item, "status", "availableReplicas")}"),
            .. Workload,
        ],
        [new("apps", "replicasets")] =
        [
            Column("DESIRED", item => $"{Fields.Number(item, "spec", "replicas")}"),
            Column("CURRENT", item => $"{Fields.Number(item, "status", "replicas")}"),
            Column("READY", item => $"{Fields.Number(item, "status", "readyReplicas")}"),
            .. Workload,
        ],
        [new("apps", "statefulsets")] =
        [
            Column("READY", item =>
                $"{Fields.Number(item, "status", "readyReplicas")}/{Fields.Number(item, "spec", "replicas")}"),
            .. Workload[..^1],
        ],
        [new("apps", "daemonsets")] =
        [
            Column("DESIRED", item => $"{Fields.Number(item, "status", "desiredNumberScheduled")}"),
            Column("READY", item => $"{Fields.Number(item, "status", "numberReady")}"),
            .. Workload,
        ],
        [new("", "services")] =
        [
            Column("TYPE", item => Fields.Text(item, "spec", "type") ?? ""),
            Column("CLUSTER-IP", item => Fields.Text(item, "spec", "clusterIP") ?? None),
            Column("PORT(S)", Ports),
            Age,
            Selector,
        ],
        [new("", "persistentvolumeclaims")] =
        [
            Column("STATUS", item => Fields.Text(item, "status", "phase") ?? ""),
            Column("VOLUME", item => Fields.Text(item, "spec", "volumeName") ?? ""),
            Column("CAPACITY", item => Fields.Text(item, "status", "capacity", "storage") ?? ""),
            Column("STORAGECLASS", item => Fields.Text(item, "spec", "storageClassName") ?? ""),
            Age,
        ],
        [new("", "persistentvolumes")] =
        [
            Column("CAPACITY", item => Fields.Text(item, "spec", "capacity", "storage") ?? ""),
            Column("RECLAIM POLICY", item => Fields.Text(item, "spec", "persistentVolumeReclaimPolicy") ?? ""),
            Column("STATUS", item => Fields.Text(item, "status", "phase") ?? ""),
            Column("CLAIM", item => Fields.Text(item, "spec", "claimRef", "name") is { } name
                ? $"{Fields.Text(item, "spec", "claimRef", "namespace")}/{name}"
                : ""),
            Column("STORAGECLASS", item => Fields.Text(item, "spec", "storageClassName") ?? ""),
            Age,
        ],
        [new("", "configmaps")] = [Column("DATA", item => $"{Entries(item)}"), Age],
        [new("", "secrets")] =
        [
            Column("TYPE", item => Fields.Text(item, "type") ?? ""),
            Column("DATA", item => $"{Entries(item)}"),
            Age,
        ],
        [new("", "namespaces")] = [Column("STATUS", item => Fields.Text(item, "status", "phase") ?? ""), Age],
        [new("", "nodes")] =
        [
            Age,
            Column("VERSION", item => Fields.Text(item, "status", "nodeInfo", "kubeletVersion") ?? ""),
            Column("OS-IMAGE", item => Fields.Text(item, "status", "nodeInfo", "osImage") ?? ""),
        ],
        [new("batch", "cronjobs")] =
        [
            Column("SCHEDULE", item => Fields.Text(item, "spec", "schedule") ?? ""),
            Column("SUSPEND", item => Fields.Text(item, "spec", "suspend") == "true" ? "True" : "False"),
            Age,
        ],
        [new("batch", "jobs")] =
        [
            Column("COMPLETIONS", item =>
                $"{Fields.Number(item, "status", "succeeded")}"
                + $"/{Math.Max(1, Fields.Number(item, "spec", "completions"))}"),
            Age,
        ],
    };

    /// <summary>Returns the columns of a table. Those of a custom resource are in its definition.</summary>
    /// <param name="resource">The resource; null for objects of several ones.</param>
    /// <param name="isWide">Whether all columns of the kind are wanted.</param>
    /// <param name="asStored">Whether custom resources are shown in their stored version.</param>
    public static IReadOnlyList<ObjectColumn> Of(KnownResource? resource, bool isWide, bool asStored) =>
        resource?.Definition is { } definition ? PrinterColumns.Of(definition.ShownVersion(asStored), isWide)
        : isWide && resource is not null && Wide.TryGetValue(resource.Name, out ObjectColumn[]? columns) ? columns
        : [Age];

    private static ObjectColumn Column(string header, Func<JsonElement, string> read) =>
        new(header, (item, _) => read(item));

    private static IEnumerable<JsonElement> Statuses(JsonElement pod) =>
        Fields.Items(pod, "status", "containerStatuses");

    private static string Containers(JsonElement workload, string field) => string.Join(
        ',',
        Fields.Items(workload, "spec", "template", "spec", "containers")
            .Select(container => Fields.Text(container, field) ?? ""));

    private static string Pairs(JsonElement item, params ReadOnlySpan<string> path)
    {
        string[] pairs = [.. Fields.Properties(item, path).Select(pair => $"{pair.Name}={pair.Value.ToString()}")];
        return pairs.Length == 0 ? None : string.Join(',', pairs);
    }

    private static string Ports(JsonElement service)
    {
        string[] ports =
        [
            .. Fields.Items(service, "spec", "ports").Select(port =>
                $"{Fields.Number(port, "port")}"
                + (Fields.Number(port, "nodePort") is var node and > 0 ? $":{node}" : "")
                + $"/{Fields.Text(port, "protocol")}"),
        ];
        return ports.Length == 0 ? None : string.Join(',', ports);
    }

    private static int Entries(JsonElement item) =>
        Fields.Properties(item, "data").Count() + Fields.Properties(item, "binaryData").Count();
}
