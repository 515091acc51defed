using System.Text.Json;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// <c>restores/CLUSTER-SNAPSHOT.json</c>: that an etcd cluster was restored from a snapshot, so that its backups go on
/// with the history of the cluster before it. Fields: <c>docs/spec/repository.md</c>.
/// </summary>
public sealed record RestoreNote : IRepositoryDocument
{
    /// <summary>What the keys of all notes start with.</summary>
    public const string Root = "restores/";

    public required int FormatVersion { get; init; }

    /// <summary>The cluster that the restore made.</summary>
    public required EtcdId ClusterId { get; init; }

    /// <summary>The cluster that the snapshot is of.</summary>
    public required EtcdId PreviousClusterId { get; init; }

    /// <summary>The snapshot that was restored.</summary>
    public required SnapshotId SnapshotId { get; init; }

    /// <summary>When the note was made. For people: nothing is decided by it.</summary>
    public required DateTimeOffset NotedAt { get; init; }

    public required string AgentVersion { get; init; }

    public Sha256Digest DocumentSha256 { get; init; }

    /// <inheritdoc cref="SnapshotManifest.UnknownFields"/>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }

    /// <summary>Where it lies: the same for every member that is restored from one snapshot.</summary>
    [JsonIgnore]
    public ObjectKey Key => new($"{Root}{ClusterId}-{SnapshotId}.json");
}
