using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>MetadataBackupPolicy</c>, as far as its fields matter before it is bound. Fields:
/// <c>docs/policies.md</c>.</summary>
internal sealed class PolicyObject(JsonObject json) : ClusterObject(json)
{
    public PolicyStatus Status => new(ObjectSections.Status(Json));

    /// <summary>Name of the location; null if the policy names none.</summary>
    public string? Destination => ObjectFields.Text(Specification, "destination");

    public string? TimeZone => ObjectFields.Text(Specification, "timeZone");

    /// <summary>The endpoints, in one text; null for the default.</summary>
    public string? EtcdEndpoint => ObjectFields.Text(Specification, "etcdEndpoint");

    /// <summary>Name of the Secret with the client certificate for etcd; null for the default.</summary>
    public string? EtcdCredentials => ObjectFields.Text(Specification, "etcdCreds");

    /// <summary>Whether a backup counts only once its snapshot is verified deeply.</summary>
    public bool IsVerifiedAfterBackup =>
        ObjectFields.Text(Specification, PolicyBinding.VerifyField) == $"{PolicyVerification.AfterBackup}";

    /// <summary>The value of the annotation that asks for one backup now; null if there is none.</summary>
    public string? BackupNow => ObjectMetadata.Annotation(Json, ClusterNames.BackupNowAnnotation);

    /// <summary>One of kubedr's options; null if it is not given.</summary>
    public string? Option(string name) => ObjectFields.Text(Specification, "options", name);

    public static PolicyObject? Of(JsonObject? json) => json is null ? null : new PolicyObject(json);
}
