using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>BackupLocation</c>, with the fields that are needed before it is bound. Fields:
/// <c>docs/policies.md</c>.</summary>
internal sealed class LocationObject(JsonObject json) : ClusterObject(json)
{
    public LocationStatus Status => new(ObjectSections.Status(Json));

    public string? Url => ObjectFields.Text(Specification, "url");

    /// <summary>kubedr's field; null if the URL contains the bucket, or is that of a directory.</summary>
    public string? BucketName => ObjectFields.Text(Specification, "bucketName");

    /// <summary>The name of the Secret; null if the location names none.</summary>
    public string? Credentials => ObjectFields.Text(Specification, "credentials");

    /// <inheritdoc cref="LocationStatus.ReadPin"/>
    /// <exception cref="BackupException"><inheritdoc cref="LocationStatus.ReadPin" path="/exception"/></exception>
    public PinnedRecipients? ReadPin() => Status.ReadPin(FullName);

    /// <summary>Returns a copy for a pod that cannot reach the API server: without the parts that change by themselves,
    /// but with the pin.</summary>
    public JsonObject ForPod()
    {
        JsonObject copy = WithoutStatus(ClusterKinds.BackupLocation);
        if (Status.PinOnly() is { } status)
        {
            copy["status"] = status;
        }

        return copy;
    }

    public static LocationObject? Of(JsonObject? json) => json is null ? null : new LocationObject(json);
}
