using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Applying;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using static EtcdBackupAgent.Objects.Json.ObjectFields;

namespace EtcdBackupAgent.Objects.Exporting;

/// <summary>
/// What is not exported unless its kind is named: objects that a cluster makes itself, and that would be wrong or
/// useless in another one. The list is in docs/spec/objects.md.
/// </summary>
/// <param name="services">The services that have a selector: their endpoints are found by a controller.</param>
public sealed class OmittedObjects(IReadOnlySet<(string Namespace, string Name)> services)
{
    private const string Events = "events";
    private const string Components = "records of nodes and running components";
    private const string Requests = "requests that the cluster has answered";
    private const string Allocations = "made by the API server itself";
    private const string Endpoints = "endpoints of services with a selector";
    private const string Tokens = "tokens that the cluster made";

    /// <summary>Kinds of which nothing is exported.</summary>
    private static readonly Dictionary<GroupResource, string> Kinds = new()
    {
        [new("", "events")] = Events,
        [new("events.k8s.io", "events")] = Events,
        [new("", "nodes")] = Components,
        [new("coordination.k8s.io", "leases")] = Components,
        [new("coordination.k8s.io", "leasecandidates")] = Components,
        [new("storage.k8s.io", "csinodes")] = Components,
        [new("storage.k8s.io", "csistoragecapacities")] = Components,
        [new("storage.k8s.io", "volumeattachments")] = Components,
        [new("resource.k8s.io", "resourceslices")] = Components,
        [new("certificates.k8s.io", "certificatesigningrequests")] = Requests,
        [new("certificates.k8s.io", "podcertificaterequests")] = Requests,
        [new("networking.k8s.io", "ipaddresses")] = Allocations,
        [new("internal.apiserver.k8s.io", "storageversions")] = Allocations,
    };

    /// <summary>Returns why an object is not exported; null if it is.</summary>
    public string? ReasonFor(StorageKey place, JsonObject item) =>
        Kinds.TryGetValue(place.Resource, out string? kind) ? kind
        : (place.Resource.Group, place.Resource.Resource) switch
        {
            ("", "pods") => OfPod(item),
            ("", "endpoints") => services.Contains((place.Namespace ?? "", place.Name))
                || IsOfServer(place) ? Endpoints : null,
            ("discovery.k8s.io", "endpointslices") => IsManaged(item) || IsOfServer(place) ? Endpoints : null,
            ("", "secrets") => OfSecret(place, item),
            ("", "configmaps") => place.Name == "kube-root-ca.crt" ? "certificate authorities of the cluster" : null,
            ("", "services") or ("networking.k8s.io", "servicecidrs") => IsOfServer(place) ? Allocations : null,
            ("apps", "replicasets") => IsOwnedBy(item, "Deployment") ? "replica sets of deployments" : null,
            ("apps", "controllerrevisions") => IsOwnedBy(item, "DaemonSet") || IsOwnedBy(item, "StatefulSet")
                ? "revisions of daemon sets and stateful sets" : null,
            ("batch", "jobs") => IsOwnedBy(item, "CronJob") ? "jobs of cron jobs"
                : HasEnded(item) ? "finished jobs"
                : null,
            ("apiregistration.k8s.io", "apiservices") =>
                Label(item, "kube-aggregator.kubernetes.io/automanaged") is not null ? Allocations : null,
            ("flowcontrol.apiserver.k8s.io", _) =>
                Annotation(item, "apf.kubernetes.io/autoupdate-spec") == "true" ? Allocations : null,
            ("rbac.authorization.k8s.io", _) =>
                Label(item, "kubernetes.io/bootstrapping") is not null
                && Annotation(item, "rbac.authorization.kubernetes.io/autoupdate") == "true" ? Allocations : null,
            ("scheduling.k8s.io", "priorityclasses") =>
                place.Name is "system-node-critical" or "system-cluster-critical" ? Allocations : null,
            _ => null,
        };

    private static string? OfPod(JsonObject pod) =>
        Annotation(pod, "kubernetes.io/config.mirror") is not null ? "pods of files on a node"
        : pod.Inner("metadata")?.Items("ownerReferences").Any() == true ? "pods that have an owner"
        : pod.Inner("status")?.Text("phase") is "Succeeded" or "Failed" ? "finished pods"
        : null;

    private static string? OfSecret(StorageKey place, JsonObject secret) =>
        secret.Text("type") == "kubernetes.io/service-account-token"
        && Annotation(secret, "kubernetes.io/service-account.name") is { } account
        && AccountRules.IsTokenName(place.Name, account)
            ? Tokens
            : null;

    /// <summary>The service of the API server itself, and the range of addresses that it is started with.</summary>
    private static bool IsOfServer(StorageKey place) =>
        place.Name == "kubernetes" && place.Namespace is null or "default";

    private static bool IsManaged(JsonObject slice) =>
        Label(slice, "endpointslice.kubernetes.io/managed-by")
            is "endpointslice-controller.k8s.io" or "endpointslicemirroring-controller.k8s.io";

    private static bool IsOwnedBy(JsonObject item, string kind) =>
        (item.Inner("metadata")?.Items("ownerReferences") ?? []).OfType<JsonObject>()
            .Any(owner => owner.Text("kind") == kind);
}
