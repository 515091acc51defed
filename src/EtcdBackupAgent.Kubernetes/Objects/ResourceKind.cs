using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>One kind of resource, with the parts of its URL: group (empty for core), version, plural.</summary>
internal sealed record ResourceKind(string Group, string Version, string Plural, bool IsNamespaced = true)
{
    public static readonly ResourceKind Lease = new("coordination.k8s.io", "v1", "leases") { Kind = "Lease" };

    /// <summary>Returns the kind of a resource that an API server serves.</summary>
    public static ResourceKind Of(ServedResource resource) =>
        new(resource.Name.Group, resource.Version, resource.Name.Resource, resource.IsNamespaced)
        {
            Kind = resource.Kind,
        };

    /// <summary>The kind in a manifest: <c>Lease</c>; empty if it is not needed.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The apiVersion in a manifest: <c>v1</c>, <c>batch/v1</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>
    /// Returns the path below the server's URL, without a leading slash: of one object; without a name, of all objects
    /// in a namespace; without a namespace, of all objects of the kind.
    /// </summary>
    public string Path(string? ns, string? name = null, string? subresource = null)
    {
        string root = Group.Length == 0 ? "api" : "apis";
        string inNamespace = IsNamespaced && ns is not null ? $"namespaces/{Uri.EscapeDataString(ns)}/" : "";
        string below = string.Concat(
            name is null ? "" : $"/{Uri.EscapeDataString(name)}", subresource is null ? "" : $"/{subresource}");
        return $"{root}/{ApiVersion}/{inNamespace}{Plural}{below}";
    }

    /// <summary>For messages: <c>leases.coordination.k8s.io</c>.</summary>
    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}
