using System.Text.Json;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// <c>changelog/LINEAGE/lineage.json</c>: describes a part of a change log without a hole. Fields:
/// <c>docs/spec/change-log.md</c>.
/// </summary>
public sealed record LineageDocument : IRepositoryDocument
{
    /// <inheritdoc />
    public required int FormatVersion { get; init; }

    /// <summary>The lineage, the same as in the key.</summary>
    public required LineageId Id { get; init; }

    /// <summary>The etcd cluster.</summary>
    public required EtcdId ClusterId { get; init; }

    /// <summary>The policy that the log belongs to.</summary>
    public required ResourceName Policy { get; init; }

    /// <summary>Labels of the policy; may be empty.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The version of the agent that began the lineage.</summary>
    public required string AgentVersion { get; init; }

    /// <summary>When the linearizable read was requested with which the lineage begins.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The revision that this read returned: the log contains all revisions above it.</summary>
    public required long StartRevision { get; init; }

    /// <summary>Why the lineage began, as a sentence without a full stop.</summary>
    public required string Reason { get; init; }

    /// <summary>The lineage of the same policy that could not be continued; null for the first one.</summary>
    public LineageId? Previous { get; init; }

    /// <inheritdoc />
    public Sha256Digest DocumentSha256 { get; init; }

    /// <inheritdoc cref="SnapshotManifest.UnknownFields"/>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }

    /// <summary>The key of the document.</summary>
    [JsonIgnore]
    public ObjectKey Key => KeyOf(Id);

    /// <summary>The UID of the policy in its Kubernetes cluster, from the label; null if there is none.</summary>
    [JsonIgnore]
    public string? PolicyUid => Labels.GetValueOrDefault(SnapshotManifest.PolicyUidLabel);

    /// <summary>Returns the key of the document of a lineage.</summary>
    public static ObjectKey KeyOf(LineageId id) => new($"changelog/{id}/lineage.json");
}
