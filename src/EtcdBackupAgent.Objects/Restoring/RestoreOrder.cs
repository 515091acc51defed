using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>
/// The order in which objects are written: what others need comes first. The list is the one that Velero arrived at
/// (<c>defaultRestorePriorities</c>), with what can refuse other objects at the end. An owner comes before what it
/// owns.
/// </summary>
public static class RestoreOrder
{
    private static readonly string[] First =
    [
        "customresourcedefinitions.apiextensions.k8s.io", "namespaces", "storageclasses.storage.k8s.io",
        "volumesnapshotclasses.snapshot.storage.k8s.io", "volumesnapshotcontents.snapshot.storage.k8s.io",
        "volumesnapshots.snapshot.storage.k8s.io", "persistentvolumes", "persistentvolumeclaims",
        "clusterroles.rbac.authorization.k8s.io", "roles.rbac.authorization.k8s.io", "serviceaccounts",
        "clusterrolebindings.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io", "secrets",
        "configmaps", "limitranges", "priorityclasses.scheduling.k8s.io", "pods", "replicasets.apps",
        "clusterclasses.cluster.x-k8s.io", "endpoints", "services",
    ];

    private static readonly string[] Last =
    [
        "clusterbootstraps.run.tanzu.vmware.com", "clusters.cluster.x-k8s.io",
        "clusterresourcesets.addons.cluster.x-k8s.io", "apps.kappctrl.k14s.io",
        "packageinstalls.packaging.carvel.dev", "apiservices.apiregistration.k8s.io",
        "mutatingadmissionpolicies.admissionregistration.k8s.io",
        "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
    ];

    /// <summary>Returns the objects in the order in which they are written.</summary>
    public static IReadOnlyList<RestoreItem> Sort(IEnumerable<RestoreItem> items)
    {
        List<RestoreItem> sorted =
        [
            .. items.OrderBy(item => Rank(item.Target))
                .ThenBy(item => item.Target.Resource.ToString(), StringComparer.Ordinal)
                .ThenBy(item => item.Target.Namespace, StringComparer.Ordinal)
                .ThenBy(item => item.Target.Name, StringComparer.Ordinal),
        ];
        ILookup<(string? Kind, string? Name, string? Namespace), RestoreItem> byName = sorted.ToLookup(
            item => (item.Kind?.Kind, (string?)item.Target.Name, item.Target.Namespace));
        List<RestoreItem> ordered = new(sorted.Count);
        HashSet<RestoreItem> seen = new(ReferenceEqualityComparer.Instance);
        foreach (RestoreItem item in sorted)
        {
            Add(item);
        }

        return ordered;

        void Add(RestoreItem item)
        {
            // A circle of owners ends here, too.
            if (!seen.Add(item))
            {
                return;
            }

            foreach (RestoreItem owner in item.Owners.SelectMany(owner =>
                byName[(owner.Text("kind"), owner.Text("name"), item.Target.Namespace)]
                    .Concat(byName[(owner.Text("kind"), owner.Text("name"), null)])))
            {
                Add(owner);
            }

            ordered.Add(item);
        }
    }

    private static int Rank(StorageKey place)
    {
        string resource = place.Resource.ToString();
        int first = Array.IndexOf(First, resource);
        int last = Array.IndexOf(Last, resource);
        return first >= 0 ? first
            : last >= 0 ? First.Length + 1 + last
            : First.Length;
    }
}
