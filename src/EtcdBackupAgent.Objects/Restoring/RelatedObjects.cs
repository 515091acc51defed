using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>Another object that an object names.</summary>
/// <param name="Place">The place of the other one.</param>
/// <param name="Reason">What it is for, such as <c>namespace of deployments.apps/shop in web</c>.</param>
public sealed record RelatedObject(StorageKey Place, string Reason);

/// <summary>
/// What an object needs: its namespace; the definition of its kind; and by name: the service account, config maps,
/// secrets, claims, priority class and runtime class of pods and pod templates; the volume and the storage class of a
/// claim; the role of a binding, and service accounts it is for; certificates and the class of an ingress; secrets of
/// a service account.
/// </summary>
public static class RelatedObjects
{
    private static readonly GroupResource Definitions = new("apiextensions.k8s.io", "customresourcedefinitions");

    /// <summary>Returns what an object needs. It may not exist.</summary>
    /// <param name="place">The place of the object.</param>
    /// <param name="item">The object.</param>
    /// <param name="isCustom">Whether its kind is defined by a CustomResourceDefinition.</param>
    public static IEnumerable<RelatedObject> Of(StorageKey place, JsonObject item, bool isCustom)
    {
        if (place.Namespace is { } ns)
        {
            yield return Named("namespace", "", "namespaces", null, ns);
        }

        if (isCustom)
        {
            yield return new RelatedObject(
                new StorageKey(Definitions, null, place.Resource.ToString()), $"definition of {place}");
        }

        IEnumerable<(string Kind, string Group, string Resource, bool IsNamespaced, string? Name)> named =
            isCustom ? [] : ByKind(place, item);
        foreach ((string kind, string group, string resource, bool isNamespaced, string? name) in named)
        {
            if (!string.IsNullOrEmpty(name))
            {
                yield return Named(kind, group, resource, isNamespaced ? place.Namespace : null, name);
            }
        }

        if (!isCustom && place.Resource.ToString() is "rolebindings.rbac.authorization.k8s.io"
            or "clusterrolebindings.rbac.authorization.k8s.io")
        {
            foreach (JsonObject subject in item.Items("subjects").OfType<JsonObject>())
            {
                if (subject.Text("kind") == "ServiceAccount" && subject.Text("name") is { } account
                    && (subject.Text("namespace") ?? place.Namespace) is { } accountNs)
                {
                    yield return Named("subject", "", "serviceaccounts", accountNs, account);
                }
            }
        }

        RelatedObject Named(string what, string group, string resource, string? inNamespace, string name) => new(
            new StorageKey(new GroupResource(group, resource), inNamespace, name), $"{what} of {place}");
    }

    private static IEnumerable<(string Kind, string Group, string Resource, bool IsNamespaced, string? Name)> ByKind(
        StorageKey place, JsonObject item)
    {
        JsonObject? spec = item.Inner("spec");
        switch (place.Resource.ToString())
        {
            case "pods":
                return OfPod(spec);
            case "cronjobs.batch":
                return OfPod(item.Inner("spec", "jobTemplate", "spec", "template", "spec"));
            case "podtemplates":
                return OfPod(item.Inner("template", "spec"));
            case "deployments.apps" or "daemonsets.apps" or "replicasets.apps" or "statefulsets.apps"
                or "replicationcontrollers" or "jobs.batch":
                return OfPod(item.Inner("spec", "template", "spec"));
            case "persistentvolumeclaims":
                return
                [
                    ("volume", "", "persistentvolumes", false, spec?.Text("volumeName")),
                    ("storage class", "storage.k8s.io", "storageclasses", false, spec?.Text("storageClassName")),
                ];
            case "rolebindings.rbac.authorization.k8s.io" or "clusterrolebindings.rbac.authorization.k8s.io":
                JsonObject? role = item.Inner("roleRef");
                bool isOfNamespace = role?.Text("kind") == "Role";
                return
                [
                    ("role", "rbac.authorization.k8s.io", isOfNamespace ? "roles" : "clusterroles", isOfNamespace,
                        role?.Text("name")),
                ];
            case "ingresses.networking.k8s.io":
                return
                [
                    ("class", "networking.k8s.io", "ingressclasses", false, spec?.Text("ingressClassName")),
                    .. (spec?.Items("tls") ?? []).OfType<JsonObject>().Select(
                        tls => ("certificate", "", "secrets", true, tls.Text("secretName"))),
                ];
            case "serviceaccounts":
                return Secrets(item.Items("imagePullSecrets").Concat(item.Items("secrets")), "name");
            default:
                return [];
        }
    }

    private static IEnumerable<(string Kind, string Group, string Resource, bool IsNamespaced, string? Name)> OfPod(
        JsonObject? spec)
    {
        if (spec is null)
        {
            return [];
        }

        JsonObject[] volumes = [.. spec.Items("volumes").OfType<JsonObject>()];
        JsonObject[] sources =
        [
            .. volumes,
            .. volumes.SelectMany(volume => volume.Inner("projected")?.Items("sources") ?? []).OfType<JsonObject>(),
        ];
        JsonObject[] containers =
        [
            .. spec.Items("containers").Concat(spec.Items("initContainers")).OfType<JsonObject>(),
        ];
        JsonObject[] variables =
        [
            .. containers.SelectMany(container => container.Items("env")).OfType<JsonObject>()
                .Select(variable => variable.Inner("valueFrom")).OfType<JsonObject>(),
            .. containers.SelectMany(container => container.Items("envFrom")).OfType<JsonObject>(),
        ];
        return
        [
            ("service account", "", "serviceaccounts", true, spec.Text("serviceAccountName")),
            ("priority class", "scheduling.k8s.io", "priorityclasses", false, spec.Text("priorityClassName")),
            ("runtime class", "node.k8s.io", "runtimeclasses", false, spec.Text("runtimeClassName")),
            .. Secrets(spec.Items("imagePullSecrets"), "name"),
            .. sources.SelectMany(source => new (string, string, string, bool, string?)[]
            {
                ("config map", "", "configmaps", true, source.Inner("configMap")?.Text("name")),
                ("secret", "", "secrets", true,
                    source.Inner("secret")?.Text("secretName") ?? source.Inner("secret")?.Text("name")),
                ("claim", "", "persistentvolumeclaims", true,
                    source.Inner("persistentVolumeClaim")?.Text("claimName")),
            }),
            .. variables.SelectMany(variable => new (string, string, string, bool, string?)[]
            {
                ("config map", "", "configmaps", true,
                    (variable.Inner("configMapKeyRef") ?? variable.Inner("configMapRef"))?.Text("name")),
                ("secret", "", "secrets", true,
                    (variable.Inner("secretKeyRef") ?? variable.Inner("secretRef"))?.Text("name")),
            }),
        ];
    }

    private static IEnumerable<(string Kind, string Group, string Resource, bool IsNamespaced, string? Name)> Secrets(
        IEnumerable<JsonNode?> references, string field) =>
        references.OfType<JsonObject>().Select(
            reference => ("secret", "", "secrets", true, reference.Text(field)));
}
