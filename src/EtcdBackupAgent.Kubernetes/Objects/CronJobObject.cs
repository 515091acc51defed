using System.Text.Json.Nodes;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>batch/v1</c> CronJob.</summary>
internal sealed class CronJobObject(JsonObject json) : ClusterObject(json)
{
    /// <summary>The digest of the CronJob that the agent last applied. It shows that a field is no longer part of
    /// it.</summary>
    private const string DigestAnnotation = $"{DocumentIdentity.Group}/template-sha256";

    /// <summary>Whether a policy owns it. The agent does not change a CronJob that a user created by hand.</summary>
    public bool IsOwnedByPolicy => ObjectMetadata.Owners(Json).Any(owner => owner.Kind is DocumentIdentity.Policy);

    public static CronJobObject? Of(JsonObject? json) => json is null ? null : new CronJobObject(json);

    /// <summary>Returns a copy with the digest of the wanted CronJob.</summary>
    public CronJobObject WithDigest(string digest) =>
        new(ObjectMetadata.WithAnnotation(Json, DigestAnnotation, digest));
}
