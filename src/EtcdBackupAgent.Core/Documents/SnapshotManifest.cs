using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// <c>manifest.json</c>: describes a snapshot and the bytes that it must have. Fields: <c>docs/spec/repository.md</c>.
/// </summary>
public sealed record SnapshotManifest : IRepositoryDocument
{
    /// <summary>The label that holds the UID of the policy.</summary>
    public const string PolicyUidLabel = "kubedr.catalogicsoftware.com/policy-uid";

    public required int FormatVersion { get; init; }

    public required SnapshotId Id { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset CompletedAt { get; init; }

    public required string AgentVersion { get; init; }

    public required ResourceName Policy { get; init; }

    public required BackupReason Reason { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required EtcdMember Etcd { get; init; }

    public required IReadOnlyList<ArtifactManifest> Artifacts { get; init; }

    public Sha256Digest DocumentSha256 { get; init; }

    /// <summary>
    /// Fields that a later version wrote. They are kept when the document is written again and are otherwise ignored.
    /// Only the JSON reader sets this.
    /// </summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }

    /// <summary>Total size of all artifacts before compression and encryption, in bytes.</summary>
    [JsonIgnore]
    public long PlainBytes => Artifacts.Sum(a => a.PlainBytes);

    /// <summary>Total size of all artifacts in the store, in bytes.</summary>
    [JsonIgnore]
    public long StoredBytes => Artifacts.Sum(a => a.StoredBytes);

    /// <summary>The UID of the policy in its Kubernetes cluster, from the label; null if there is none.</summary>
    [JsonIgnore]
    public string? PolicyUid => Labels.GetValueOrDefault(PolicyUidLabel);

    [JsonIgnore]
    public TimeSpan Duration => CompletedAt - StartedAt;

    /// <summary>
    /// The stored bytes; empty for a manifest that is still under construction. A copy that is made with <c>with</c>
    /// must not keep them.
    /// </summary>
    [JsonIgnore]
    internal ReadOnlyMemory<byte> Utf8 { get; init; }

    /// <summary>Returns the manifest as it is stored, with all its fields.</summary>
    public JsonObject ToJson() => RepositoryJson.Tree(Utf8);
}

/// <summary>One stored file of a snapshot: its layers, and its size and digest before and after them.</summary>
public sealed record ArtifactManifest
{
    public required ArtifactKind Kind { get; init; }

    public required ObjectKey Key { get; init; }

    public required long PlainBytes { get; init; }

    public required Sha256Digest PlainSha256 { get; init; }

    public required long StoredBytes { get; init; }

    public required Sha256Digest StoredSha256 { get; init; }

    public required ArtifactCompression Compression { get; init; }

    public required ArtifactEncryption Encryption { get; init; }
}

/// <summary>The content of an artifact.</summary>
public enum ArtifactKind
{
    /// <summary>The etcd snapshot with its SHA-256 trailer.</summary>
    Etcd,

    /// <summary>A tar of the certificates directory.</summary>
    Certs,
}

public enum ArtifactCompression
{
    Zstd,
}

public enum ArtifactEncryption
{
    None,

    /// <summary>age v1 to the repository's recipients.</summary>
    Age,
}

/// <summary>The reason for a backup.</summary>
public enum BackupReason
{
    [JsonStringEnumMemberName("schedule")]
    Schedule,

    /// <summary>A scheduled time passed while the agent was not running.</summary>
    [JsonStringEnumMemberName("missed")]
    Missed,

    [JsonStringEnumMemberName("on-demand")]
    OnDemand,
}
