using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Restoring;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>
/// <c>spec.objects</c> of a MetadataRestore: the objects that are restored into the running cluster, in the words of
/// the options of <c>objects restore</c>. Fields: <c>docs/kubernetes.md</c>.
/// </summary>
/// <param name="fields">The fields, which the API server has validated.</param>
internal sealed class RequestedObjects(JsonObject fields)
{
    /// <summary>The service account with whose rights the objects are written.</summary>
    public string ServiceAccount => ObjectFields.Text(fields, "serviceAccountName") ?? "";

    /// <summary>The selection.</summary>
    public ObjectFilterWords Selection => new()
    {
        Resources = [.. ObjectFields.Texts(fields, "resources")],
        Namespaces = [.. ObjectFields.Texts(fields, "namespaces")],
        Labels = ObjectFields.Text(fields, "labelSelector"),
        NamespaceLabels = ObjectFields.Text(fields, "namespaceSelector"),
        ExcludedResources = [.. ObjectFields.Texts(fields, "excludeResources")],
        ExcludedNamespaces = [.. ObjectFields.Texts(fields, "excludeNamespaces")],
        ExcludedNames = [.. ObjectFields.Texts(fields, "excludeNames")],
        ExcludedLabels = ObjectFields.Text(fields, "excludeLabelSelector"),
        ExcludedNamespaceLabels = ObjectFields.Text(fields, "excludeNamespaceSelector"),
    };

    public bool WithRelated => ObjectFields.Flag(fields, "withRelated") ?? false;

    public ExistingPolicy Existing =>
        Enum.TryParse(ObjectFields.Text(fields, "existing"), out ExistingPolicy policy) ? policy : ExistingPolicy.Skip;

    public NamespaceMap Namespaces => new(ObjectFields.Map(fields, "mapNamespaces"));

    /// <summary>The ConfigMap with resource modifiers; null for none.</summary>
    public KeyReference? Patches => Reference("patches");

    /// <summary>The Secret with the API server's EncryptionConfiguration; null for none.</summary>
    public KeyReference? EncryptionConfig => Reference("encryptionConfig");

    /// <summary>Whether only a plan is made.</summary>
    public bool IsDryRun => ObjectFields.Flag(fields, "dryRun") ?? false;

    private KeyReference? Reference(string field) =>
        ObjectFields.Text(fields, field, "name") is { } name && ObjectFields.Text(fields, field, "key") is { } key
            ? new KeyReference(name, key)
            : null;
}

/// <summary>One key of a ConfigMap or of a Secret in the namespace.</summary>
internal sealed record KeyReference(string Name, string Key);
