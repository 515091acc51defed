using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>An object of a cluster as a typed view: named properties over its JSON. The JSON itself is read and
/// written, so that fields that the agent does not know are preserved.</summary>
/// <param name="json">The object.</param>
internal abstract class ClusterObject(JsonObject json)
{
    /// <summary>The object as the API server returned it.</summary>
    public JsonObject Json => json;

    public string Name => ObjectMetadata.Name(json);

    /// <inheritdoc cref="ObjectMetadata.Namespace"/>
    public string Namespace => ObjectMetadata.Namespace(json);

    public ResourceName FullName => new(Namespace, Name);

    public string Uid => ObjectMetadata.Uid(json);

    /// <inheritdoc cref="ObjectMetadata.ResourceVersion"/>
    public string ResourceVersion => ObjectMetadata.ResourceVersion(json);

    /// <inheritdoc cref="ObjectMetadata.Generation"/>
    public long Generation => ObjectMetadata.Generation(json);

    /// <inheritdoc cref="ObjectMetadata.CreatedAt"/>
    public DateTimeOffset? CreatedAt => ObjectMetadata.CreatedAt(json);

    /// <inheritdoc cref="ObjectMetadata.IsBeingDeleted"/>
    public bool IsBeingDeleted => ObjectMetadata.IsBeingDeleted(json);

    /// <summary>Its specification; null if the kind, or the object, has none.</summary>
    protected JsonObject? Specification => ObjectSections.Specification(json);

    /// <summary>Its specification, which is added if the object has none.</summary>
    protected JsonObject WritableSpecification
    {
        get
        {
            if (Specification is not { } specification)
            {
                json["spec"] = specification = [];
            }

            return specification;
        }
    }

    /// <summary>Returns a copy with the identity and the specification of the object, without its status: enough to
    /// bind it.</summary>
    public JsonObject WithoutStatus(ResourceKind kind) => new()
    {
        ["apiVersion"] = kind.ApiVersion,
        ["kind"] = kind.Kind,
        ["metadata"] = new JsonObject { ["name"] = Name, ["namespace"] = Namespace, ["uid"] = Uid },
        ["spec"] = Specification?.DeepClone(),
    };
}
