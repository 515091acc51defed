using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;

/// <summary>
/// An object of one of the agent's kinds, as another program declares it for the official client: from the definitions
/// in <c>manifests/crd</c>, without code of the agent. An undeclared field is an error.
/// </summary>
public sealed class DeclaredObject<TSpec, TStatus> : IKubernetesObject<V1ObjectMeta>
    where TSpec : class
    where TStatus : class
{
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = "";

    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public TSpec? Spec { get; set; }

    [JsonPropertyName("status")]
    public TStatus? Status { get; set; }
}

/// <summary><c>spec</c> of a MetadataBackupRecord.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DeclaredRecordSpec
{
    [JsonPropertyName("snapshotId")]
    public string? SnapshotId { get; init; }

    [JsonPropertyName("policy")]
    public string? Policy { get; init; }

    [JsonPropertyName("backuploc")]
    public string? Location { get; init; }
}

/// <summary><c>status</c> of a MetadataBackupRecord.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DeclaredRecordStatus
{
    [JsonPropertyName("startedAt")]
    public DateTime? StartedAt { get; init; }

    [JsonPropertyName("completedAt")]
    public DateTime? CompletedAt { get; init; }

    [JsonPropertyName("sizeBytes")]
    public long? SizeBytes { get; init; }

    [JsonPropertyName("storedBytes")]
    public long? StoredBytes { get; init; }

    [JsonPropertyName("etcdRevision")]
    public long? EtcdRevision { get; init; }

    [JsonPropertyName("etcdClusterId")]
    public string? EtcdClusterId { get; init; }

    [JsonPropertyName("kind")]
    public string? Kind { get; init; }

    [JsonPropertyName("base")]
    public string? Base { get; init; }

    [JsonPropertyName("verified")]
    public string? Verified { get; init; }

    [JsonPropertyName("verifiedAt")]
    public DateTime? VerifiedAt { get; init; }

    [JsonPropertyName("lockedUntil")]
    public DateTime? LockedUntil { get; init; }
}

/// <summary><c>spec</c> of a MetadataBackupPolicy.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DeclaredPolicySpec
{
    [JsonPropertyName("destination")]
    public string? Destination { get; init; }

    [JsonPropertyName("certsDir")]
    public string? CertsDirectory { get; init; }

    [JsonPropertyName("etcdEndpoint")]
    public string? EtcdEndpoint { get; init; }

    [JsonPropertyName("etcdCreds")]
    public string? EtcdCredentials { get; init; }

    [JsonPropertyName("etcdServerName")]
    public string? EtcdServerName { get; init; }

    [JsonPropertyName("hashKV")]
    public string? HashKv { get; init; }

    [JsonPropertyName("source")]
    public string? Source { get; init; }

    [JsonPropertyName("objects")]
    public JsonObject? Objects { get; init; }

    [JsonPropertyName("increments")]
    public DeclaredIncrements? Increments { get; init; }

    [JsonPropertyName("changeLog")]
    public DeclaredChangeLog? ChangeLog { get; init; }

    [JsonPropertyName("beforeUpgrade")]
    public DeclaredUpgrade? BeforeUpgrade { get; init; }

    [JsonPropertyName("schedule")]
    public string? Schedule { get; init; }

    [JsonPropertyName("timeZone")]
    public string? TimeZone { get; init; }

    [JsonPropertyName("retainNumBackups")]
    public int? RetainNumBackups { get; init; }

    [JsonPropertyName("retention")]
    public JsonObject? Retention { get; init; }

    [JsonPropertyName("verify")]
    public string? Verify { get; init; }

    [JsonPropertyName("suspend")]
    public bool? Suspend { get; init; }

    [JsonPropertyName("options")]
    public IDictionary<string, string>? Options { get; init; }
}

/// <summary><c>spec.increments</c> of a MetadataBackupPolicy.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DeclaredIncrements
{
    [JsonPropertyName("fullEvery")]
    public string? FullEvery { get; init; }

    [JsonPropertyName("sizeMaxPercent")]
    public int? SizeMaxPercent { get; init; }
}

/// <summary><c>spec.changeLog</c> of a MetadataBackupPolicy.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DeclaredChangeLog
{
    [JsonPropertyName("closeEvery")]
    public string? CloseEvery { get; init; }

    [JsonPropertyName("closeBytes")]
    public IntOrString? CloseBytes { get; init; }

    [JsonPropertyName("keep")]
    public string? Keep { get; init; }
}

/// <summary><c>spec.beforeUpgrade</c> of a MetadataBackupPolicy.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DeclaredUpgrade
{
    [JsonPropertyName("watch")]
    public DeclaredWatch? Watch { get; init; }
}

/// <summary><c>spec.beforeUpgrade.watch</c> of a MetadataBackupPolicy.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DeclaredWatch
{
    [JsonPropertyName("apiVersion")]
    public string? ApiVersion { get; init; }

    [JsonPropertyName("kind")]
    public string? Kind { get; init; }

    [JsonPropertyName("name")]
    public string? Name { get; init; }

    [JsonPropertyName("namespace")]
    public string? Namespace { get; init; }

    [JsonPropertyName("field")]
    public string? Field { get; init; }

    [JsonPropertyName("inner")]
    public string? Inner { get; init; }
}

/// <summary><c>status</c> of a MetadataBackupPolicy.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DeclaredPolicyStatus
{
    [JsonPropertyName("observedGeneration")]
    public long? ObservedGeneration { get; init; }

    [JsonPropertyName("backupTime")]
    public DateTime? BackupTime { get; init; }

    [JsonPropertyName("backupStatus")]
    public string? BackupStatus { get; init; }

    [JsonPropertyName("backupErrorMessage")]
    public string? BackupErrorMessage { get; init; }

    [JsonPropertyName("backupPod")]
    public string? BackupPod { get; init; }

    [JsonPropertyName("mbrName")]
    public string? RecordName { get; init; }

    [JsonPropertyName("snapshotId")]
    public string? SnapshotId { get; init; }

    [JsonPropertyName("filesNew")]
    public long? FilesNew { get; init; }

    [JsonPropertyName("filesChanged")]
    public long? FilesChanged { get; init; }

    [JsonPropertyName("dataAdded")]
    public long? DataAdded { get; init; }

    [JsonPropertyName("totalBytesProcessed")]
    public long? TotalBytesProcessed { get; init; }

    [JsonPropertyName("totalDurationSecs")]
    public string? TotalDurationSeconds { get; init; }

    [JsonPropertyName("lastSuccessTime")]
    public DateTime? LastSuccessTime { get; init; }

    [JsonPropertyName("etcdClusterId")]
    public string? EtcdClusterId { get; init; }

    [JsonPropertyName("restorableFrom")]
    public DateTime? RestorableFrom { get; init; }

    [JsonPropertyName("restorableTo")]
    public DateTime? RestorableTo { get; init; }

    [JsonPropertyName("conditions")]
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}

/// <summary><c>spec</c> of a BackupLocation.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DeclaredLocationSpec
{
    [JsonPropertyName("url")]
    public string? Url { get; init; }

    [JsonPropertyName("bucketName")]
    public string? BucketName { get; init; }

    [JsonPropertyName("credentials")]
    public string? Credentials { get; init; }

    [JsonPropertyName("prefix")]
    public string? Prefix { get; init; }

    [JsonPropertyName("region")]
    public string? Region { get; init; }

    [JsonPropertyName("pathStyle")]
    public bool? PathStyle { get; init; }

    [JsonPropertyName("caCertificate")]
    public string? CaCertificate { get; init; }

    [JsonPropertyName("serverSideEncryption")]
    public string? ServerSideEncryption { get; init; }

    [JsonPropertyName("kmsKeyId")]
    public string? KmsKeyId { get; init; }

    [JsonPropertyName("storageClass")]
    public string? StorageClass { get; init; }

    [JsonPropertyName("tags")]
    public IDictionary<string, string>? Tags { get; init; }

    [JsonPropertyName("signers")]
    public IReadOnlyList<string>? Signers { get; init; }

    [JsonPropertyName("objectLock")]
    public DeclaredObjectLock? ObjectLock { get; init; }
}

/// <summary><c>spec.objectLock</c> of a BackupLocation.</summary>
public sealed record DeclaredObjectLock
{
    [JsonPropertyName("mode")]
    public string? Mode { get; init; }

    [JsonPropertyName("days")]
    public int? Days { get; init; }
}

/// <summary>A <c>status</c> that is not read.</summary>
public sealed record UndeclaredStatus;
