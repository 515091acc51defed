using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>
/// What a cluster makes itself, or what means nothing in another moment: it is restored only if its kind is named.
/// docs/objects.md has the list.
/// </summary>
internal static class SelfMadeObjects
{
    private static readonly Dictionary<string, string> Kinds = new(StringComparer.Ordinal)
    {
        ["events"] = "events tell of what happened in the cluster",
        ["events.events.k8s.io"] = "events tell of what happened in the cluster",
        ["leases.coordination.k8s.io"] = "leases are renewed by their holders",
        ["leasecandidates.coordination.k8s.io"] = "candidates are renewed by themselves",
        ["nodes"] = "a node registers itself",
        ["csinodes.storage.k8s.io"] = "a node registers its drivers",
        ["volumeattachments.storage.k8s.io"] = "a controller attaches volumes",
        ["csistoragecapacities.storage.k8s.io"] = "a controller measures capacities",
        ["certificatesigningrequests.certificates.k8s.io"] = "requests are answered only once",
        ["podcertificaterequests.certificates.k8s.io"] = "requests are answered only once",
        ["ipaddresses.networking.k8s.io"] = "the API server allocates addresses",
        ["resourceslices.resource.k8s.io"] = "a driver publishes its devices",
        ["storageversions.internal.apiserver.k8s.io"] = "the API server writes them",
        ["metadatabackuprecords.kubedr.catalogicsoftware.com"] = "the controller makes records from the repository",
        ["metadatarestores.kubedr.catalogicsoftware.com"] = "it would start another restore",
    };

    /// <summary>Kinds that are made by their controllers, if one owns them.</summary>
    private static readonly HashSet<string> Owned = new(StringComparer.Ordinal)
    {
        "pods", "replicationcontrollers", "replicasets.apps", "controllerrevisions.apps", "jobs.batch",
        "endpointslices.discovery.k8s.io", "resourceclaims.resource.k8s.io",
    };

    /// <summary>Returns why an object is left out; null if it is restored.</summary>
    /// <param name="place">Its place in the snapshot.</param>
    /// <param name="item">The object, as the snapshot has it.</param>
    /// <param name="serviceOf">Returns the service of the same namespace and name; null if there is none.</param>
    public static string? ReasonOf(StorageKey place, JsonObject item, Func<StorageKey, JsonObject?> serviceOf)
    {
        string resource = place.Resource.ToString();
        return Kinds.TryGetValue(resource, out string? reason) ? reason
            : Owned.Contains(resource) && ObjectFields.Controller(item) is { } owner
            ? $"{owner.Text("kind")} {owner.Text("name")} makes it"
            : ReasonOfObject(resource, place, item, serviceOf);
    }

    private static string? ReasonOfObject(
        string resource, StorageKey place, JsonObject item, Func<StorageKey, JsonObject?> serviceOf) => resource switch
        {
            "pods" when ObjectFields.Annotation(item, "kubernetes.io/config.mirror") is not null =>
                "a node makes it from a file",
            "pods" when item.Inner("status")?.Text("phase") is "Succeeded" or "Failed" => "it has ended",
            "jobs.batch" when ObjectFields.HasEnded(item) => "it has ended, and would run again",
            "endpoints" when ObjectFields.HasSelector(
                serviceOf(place with { Resource = new GroupResource("", "services") })) =>
                $"service {place.Name} makes it",
            "endpointslices.discovery.k8s.io"
                when ObjectFields.Label(item, "endpointslice.kubernetes.io/managed-by") is { } manager
                && manager.EndsWith(".k8s.io", StringComparison.Ordinal) => $"{manager} makes it",
            "secrets" when item.Text("type") == "kubernetes.io/service-account-token"
                && ObjectFields.Annotation(item, "kubernetes.io/service-account.name") is { } account
                && place.Name.StartsWith($"{account}-token-", StringComparison.Ordinal) =>
                $"it is the token of service account {account}, and the cluster makes a new one",
            "persistentvolumes" when item.Inner("spec")?.Text("persistentVolumeReclaimPolicy") == "Delete" =>
                "its reclaim policy is Delete: if it is gone, so is its storage, and a claim gets a new volume",
            "configmaps" when place.Name is "kube-root-ca.crt" => "the cluster makes one in each namespace",
            "serviceaccounts" when place.Name is "default" && IsPlainAccount(item) =>
                "the cluster makes one in each namespace",
            "services" when place is { Namespace: "default", Name: "kubernetes" } => "the API server makes it",
            "endpoints" when place is { Namespace: "default", Name: "kubernetes" } => "the API server makes it",
            "apiservices.apiregistration.k8s.io"
                when ObjectFields.Label(item, "kube-aggregator.kubernetes.io/automanaged") is not null =>
                "the API server makes it",
            "flowschemas.flowcontrol.apiserver.k8s.io" or "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"
                when ObjectFields.Annotation(item, "apf.kubernetes.io/autoupdate-spec") == "true" =>
                "the API server makes it",
            "servicecidrs.networking.k8s.io" when place.Name == "kubernetes" => "the API server makes it",
            "clusterroles.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io"
                or "roles.rbac.authorization.k8s.io" or "rolebindings.rbac.authorization.k8s.io"
                when ObjectFields.Label(item, "kubernetes.io/bootstrapping") == "rbac-defaults"
                && ObjectFields.Annotation(item, "rbac.authorization.kubernetes.io/autoupdate") == "true" =>
                "the API server makes it",
            _ => null,
        };

    /// <summary>Whether a service account has nothing that a user gave it.</summary>
    private static bool IsPlainAccount(JsonObject account) =>
        account["imagePullSecrets"] is null && account.Inner("metadata", "annotations") is null;
}
