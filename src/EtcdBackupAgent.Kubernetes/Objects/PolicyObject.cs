using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>MetadataBackupPolicy</c>, with the fields that are needed before it is bound. Fields:
/// <c>docs/policies.md</c>.</summary>
internal sealed class PolicyObject(JsonObject json) : ClusterObject(json)
{
    public PolicyStatus Status => new(ObjectSections.Status(Json));

    /// <summary>The name of the location; null if the policy names none.</summary>
    public string? Destination => ObjectFields.Text(Specification, "destination");

    public string? TimeZone => ObjectFields.Text(Specification, "timeZone");

    /// <summary>The endpoints, as one text; null for the default.</summary>
    public string? EtcdEndpoint => ObjectFields.Text(Specification, "etcdEndpoint");

    /// <summary>The name of the Secret with the client certificate for etcd; null for the default.</summary>
    public string? EtcdCredentials => ObjectFields.Text(Specification, "etcdCreds");

    /// <summary>Whether a backup counts only after a deep verification of its snapshot.</summary>
    public bool IsVerifiedAfterBackup =>
        ObjectFields.Text(Specification, PolicyBinding.VerifyField) == $"{PolicyVerification.AfterBackup}";

    /// <summary>Whether it has a change log.</summary>
    public bool HasChangeLog => ObjectFields.Object(Specification, "changeLog") is not null;

    /// <summary>The value of the annotation that requests one backup now; null if there is none.</summary>
    public string? BackupNow => ObjectMetadata.Annotation(Json, ClusterNames.BackupNowAnnotation);

    /// <summary>Returns one of kubedr's options; null if it is absent.</summary>
    public string? Option(string name) => ObjectFields.Text(Specification, "options", name);

    public static PolicyObject? Of(JsonObject? json) => json is null ? null : new PolicyObject(json);
}
