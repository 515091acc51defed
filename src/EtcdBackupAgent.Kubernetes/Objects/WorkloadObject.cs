using System.Text.Json.Nodes;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>An object that the agent keeps as a policy specifies.</summary>
internal abstract class WorkloadObject(JsonObject json) : ClusterObject(json)
{
    /// <summary>
    /// The digest of the object that the agent last applied. It shows that a field is no longer part of it.
    /// </summary>
    private const string DigestAnnotation = $"{DocumentIdentity.Group}/template-sha256";

    /// <summary>Whether a policy owns it. The agent does not change an object that a user created by hand.</summary>
    public bool IsOwnedByPolicy => ObjectMetadata.Owners(Json).Any(owner => owner.Kind is DocumentIdentity.Policy);

    /// <summary>Returns a copy with the digest of the wanted object.</summary>
    public JsonObject WithDigest(string digest) => ObjectMetadata.WithAnnotation(Json, DigestAnnotation, digest);
}
