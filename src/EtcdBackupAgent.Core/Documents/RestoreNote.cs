using System.Text.Json;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// <c>restores/CLUSTER-SNAPSHOT.json</c>: records that an etcd cluster was restored from a snapshot, so that its
/// backups continue the history of the previous cluster. Fields: <c>docs/spec/repository.md</c>.
/// </summary>
public sealed record RestoreNote : IRepositoryDocument
{
    /// <summary>The prefix of the keys of all notes.</summary>
    public const string Root = "restores/";

    /// <inheritdoc />
    public required int FormatVersion { get; init; }

    /// <summary>The cluster that the restore created.</summary>
    public required EtcdId ClusterId { get; init; }

    /// <summary>The cluster that the snapshot was taken from.</summary>
    public required EtcdId PreviousClusterId { get; init; }

    /// <summary>The snapshot that was restored.</summary>
    public required SnapshotId SnapshotId { get; init; }

    /// <summary>When the note was written. For information only: no code decides by it.</summary>
    public required DateTimeOffset NotedAt { get; init; }

    /// <summary>The version of the agent that wrote the note.</summary>
    public required string AgentVersion { get; init; }

    /// <inheritdoc />
    public Sha256Digest DocumentSha256 { get; init; }

    /// <inheritdoc cref="SnapshotManifest.UnknownFields"/>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }

    /// <summary>The key of the note: the same for every member that is restored from one snapshot.</summary>
    [JsonIgnore]
    public ObjectKey Key => new($"{Root}{ClusterId}-{SnapshotId}.json");
}
