using System.Text.Json.Nodes;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>batch/v1</c> CronJob.</summary>
internal sealed class CronJobObject(JsonObject json) : ClusterObject(json)
{
    /// <summary>The digest of what the agent asked for last, so that a field that is asked for no more is seen to be
    /// gone.</summary>
    private const string DigestAnnotation = $"{DocumentIdentity.Group}/template-sha256";

    /// <summary>Whether a policy owns it. What a person made by hand is that person's.</summary>
    public bool IsOwnedByPolicy => ObjectMetadata.Owners(Json).Any(owner => owner.Kind is DocumentIdentity.Policy);

    public static CronJobObject? Of(JsonObject? json) => json is null ? null : new CronJobObject(json);

    /// <summary>A copy with the digest of what is asked for.</summary>
    public CronJobObject WithDigest(string digest) =>
        new(ObjectMetadata.WithAnnotation(Json, DigestAnnotation, digest));
}
