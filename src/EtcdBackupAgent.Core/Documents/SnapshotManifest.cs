using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Snapshots.Changes;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// <c>manifest.json</c>: describes a snapshot and the bytes that it must have. Fields: <c>docs/spec/repository.md</c>.
/// </summary>
public sealed record SnapshotManifest : IRepositoryDocument
{
    /// <summary>The label that holds the UID of the policy.</summary>
    public const string PolicyUidLabel = "kubedr.catalogicsoftware.com/policy-uid";

    /// <inheritdoc />
    public required int FormatVersion { get; init; }

    /// <summary>The ID at the end of the folder's name.</summary>
    public required SnapshotId Id { get; init; }

    /// <summary>
    /// When the backup started, by the agent's clock, with the fraction that the folder's name cuts off.
    /// </summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The moment before the manifest was written, by the agent's clock.</summary>
    public required DateTimeOffset CompletedAt { get; init; }

    /// <summary>The version of the agent that made the backup.</summary>
    public required string AgentVersion { get; init; }

    /// <summary>The policy that the backup was made for: its retention counts the snapshot.</summary>
    public required ResourceName Policy { get; init; }

    /// <summary>Why the backup was made.</summary>
    public required BackupReason Reason { get; init; }

    /// <summary>Whether the database is stored as a whole; null means <see cref="SnapshotKind.Full"/>.</summary>
    [JsonPropertyName("kind")]
    public SnapshotKind? StoredKind { get; init; }

    /// <summary>
    /// Why the snapshot is incremental, or why it is full although increments were wanted; null if they were not.
    /// </summary>
    public string? KindReason { get; init; }

    /// <summary>The full snapshot that an incremental one stands on; null for a full snapshot.</summary>
    public SnapshotBase? Base { get; init; }

    /// <summary>The change log that was written while the snapshot was made; null if there was none.</summary>
    public SnapshotLog? ChangeLog { get; init; }

    /// <summary>The name that the user gave the snapshot; null for none. Several snapshots may have one name.</summary>
    public string? Name { get; init; }

    /// <summary>Why the backup was made, in the words of the user; null for none.</summary>
    public string? Note { get; init; }

    /// <summary>When retention removes the snapshot even if a kind keeps it; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>
    /// The earlier state that a restore of the snapshot goes to unless another is requested; null for its own state.
    /// </summary>
    public SnapshotPoint? RestorePoint { get; init; }

    /// <summary>
    /// <see cref="RepositoryDocument.Id"/> of the repository that it was written to; null in a repository without
    /// signers.
    /// </summary>
    public string? RepositoryId { get; init; }

    /// <summary>
    /// The recipients that the artifacts are encrypted to; null in a repository without signers.
    /// </summary>
    public IReadOnlyList<string>? Recipients { get; init; }

    /// <summary>The place of the snapshot in its chain; null in a repository without signers.</summary>
    public ChainLink? Chain { get; init; }

    /// <summary>Labels of the policy and of the user; may be empty.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>
    /// The member that was read, as it was just before the snapshot was opened; null if objects were read through an
    /// API server.
    /// </summary>
    public EtcdMember? Etcd { get; init; }

    /// <summary>How the snapshot was imported from a file; null for a backup.</summary>
    public SnapshotImport? Import { get; init; }

    /// <summary>The cluster whose objects were read through its API server; null if etcd was read.</summary>
    public ApiCluster? Cluster { get; init; }

    /// <summary>The stored files, at most one of each <see cref="ArtifactKind"/>.</summary>
    public required IReadOnlyList<ArtifactManifest> Artifacts { get; init; }

    /// <inheritdoc />
    public Sha256Digest DocumentSha256 { get; init; }

    /// <summary>
    /// Fields that a later version wrote. They are kept when the document is written again and are otherwise ignored.
    /// Only the JSON reader sets this.
    /// </summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? UnknownFields { get; set; }

    /// <inheritdoc cref="StoredKind"/>
    [JsonIgnore]
    public SnapshotKind Kind => StoredKind ?? SnapshotKind.Full;

    /// <summary>Whether the snapshot needs its <see cref="Base"/>.</summary>
    [JsonIgnore]
    public bool IsIncremental => Kind == SnapshotKind.Incremental;

    /// <summary>
    /// The cluster that the snapshot belongs to: that of etcd, or <see cref="ApiCluster.Id"/>.
    /// </summary>
    [JsonIgnore]
    public EtcdId ClusterId => Etcd?.ClusterId ?? Cluster!.Id;

    /// <summary>
    /// The revision of etcd up to which the snapshot contains every write. For objects it is the lowest resourceVersion
    /// of their lists.
    /// </summary>
    [JsonIgnore]
    public long Revision => Etcd?.Revision ?? Cluster!.Revision;

    /// <summary>The artifact that contains the objects; null if etcd was read.</summary>
    [JsonIgnore]
    public ArtifactManifest? Objects => Artifacts.FirstOrDefault(a => a.Kind == ArtifactKind.Objects);

    /// <summary>The artifact that contains the database, or its changes; null if there is none.</summary>
    [JsonIgnore]
    public ArtifactManifest? Database =>
        Artifacts.FirstOrDefault(a => a.Kind is ArtifactKind.Etcd or ArtifactKind.EtcdChanges);

    /// <summary>The artifact that contains the certificates; null if there is none.</summary>
    [JsonIgnore]
    public ArtifactManifest? Certificates => Artifacts.FirstOrDefault(a => a.Kind == ArtifactKind.Certs);

    /// <summary>Total size of all artifacts before compression and encryption, in bytes.</summary>
    [JsonIgnore]
    public long PlainBytes => Artifacts.Sum(a => a.PlainBytes);

    /// <summary>Total size of all artifacts in the store, in bytes.</summary>
    [JsonIgnore]
    public long StoredBytes => Artifacts.Sum(a => a.StoredBytes);

    /// <summary>The UID of the policy in its Kubernetes cluster, from the label; null if there is none.</summary>
    [JsonIgnore]
    public string? PolicyUid => Labels.GetValueOrDefault(PolicyUidLabel);

    /// <summary>The time from the start to the commit; negative if the clock was set back meanwhile.</summary>
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

    /// <summary>
    /// Returns which fields contradict each other, as the second part of a sentence; null if none do
    /// (<c>docs/spec/increments.md</c>, "Manifest").
    /// </summary>
    internal string? FindContradiction()
    {
        if (IsIncremental != Base is not null)
        {
            return IsIncremental ? "it is incremental, but has no base" : "it is full, but has a base";
        }

        if (Etcd is null == Cluster is null)
        {
            return Etcd is null ? "it names neither an etcd nor a cluster" : "it names both an etcd and a cluster";
        }

        if (RestorePoint is { } point && FindContradiction(point) is { } why)
        {
            return why;
        }

        if (ImportContradiction.Find(this) is { } ofImport)
        {
            return ofImport;
        }

        if (Cluster is not null)
        {
            return Database is not null || Objects is null ? "it is of a cluster, but its objects are missing"
                : FormatVersion < RepositoryJson.ObjectsFormatVersion
                    ? $"it is of objects, but has format version {FormatVersion}"
                : null;
        }

        ArtifactKind other = IsIncremental ? ArtifactKind.Etcd : ArtifactKind.EtcdChanges;
        return Artifacts.Any(a => a.Kind == other) ? $"it is {Kind}, but has an artifact of the kind {other}"
            : IsIncremental && FormatVersion < RepositoryJson.IncrementalFormatVersion
                ? $"it is incremental, but has format version {FormatVersion}"
            : null;
    }

    private string? FindContradiction(SnapshotPoint point) =>
        Etcd is null ? "it is of objects, but has a restore point"
        : point.Revision < 1 || point.Revision > Etcd.Revision
            ? $"its restore point {point.Revision} is not one of its revisions, which end at {Etcd.Revision}"
        : null;
}

/// <summary>How the database of a snapshot is stored.</summary>
public enum SnapshotKind
{
    /// <summary>The whole database.</summary>
    Full,

    /// <summary>What changed since a full snapshot.</summary>
    Incremental,
}

/// <summary>The full snapshot that an incremental one stands on.</summary>
public sealed record SnapshotBase
{
    /// <summary>The ID of the base.</summary>
    public required SnapshotId Id { get; init; }

    /// <summary><see cref="SnapshotManifest.DocumentSha256"/> of the base's manifest.</summary>
    public required Sha256Digest ManifestSha256 { get; init; }

    /// <summary>The revision of the base's manifest: the base contains every write up to it.</summary>
    public required long Revision { get; init; }

    /// <summary>Returns the base with this manifest.</summary>
    internal static SnapshotBase Of(SnapshotManifest manifest) =>
        new() { Id = manifest.Id, ManifestSha256 = manifest.DocumentSha256, Revision = manifest.Revision };

    /// <summary>Returns the base as changes name it.</summary>
    internal ChangesBase ToChangesBase() =>
        new() { Id = Id.Value, ManifestSha256 = ManifestSha256, Revision = Revision };
}

/// <summary>The change log that was written while a snapshot was made, by the same process.</summary>
public sealed record SnapshotLog
{
    /// <summary>The lineage.</summary>
    public required LineageId Lineage { get; init; }
}

/// <summary>One stored file of a snapshot: its layers, and its size and digest before and after them.</summary>
public sealed record ArtifactManifest
{
    /// <summary>What the file contains.</summary>
    public required ArtifactKind Kind { get; init; }

    /// <summary>The object in the store, below the snapshot's folder.</summary>
    public required ObjectKey Key { get; init; }

    /// <summary>The size before compression and encryption, in bytes; for etcd with its trailer.</summary>
    public required long PlainBytes { get; init; }

    /// <summary>The digest of the bytes before compression and encryption.</summary>
    public required Sha256Digest PlainSha256 { get; init; }

    /// <summary>The size of the object, in bytes.</summary>
    public required long StoredBytes { get; init; }

    /// <summary>The digest of the object's bytes.</summary>
    public required Sha256Digest StoredSha256 { get; init; }

    /// <summary>The inner layer: how the plain bytes were compressed.</summary>
    public required ArtifactCompression Compression { get; init; }

    /// <summary>The outer layer: how the compressed bytes were encrypted.</summary>
    public required ArtifactEncryption Encryption { get; init; }
}

/// <summary>The content of an artifact.</summary>
public enum ArtifactKind
{
    /// <summary>The etcd snapshot with its SHA-256 trailer.</summary>
    Etcd,

    /// <summary>A tar of the certificates directory.</summary>
    Certs,

    /// <summary>What changed in etcd since a full snapshot (<c>docs/spec/increments.md</c>).</summary>
    EtcdChanges,

    /// <summary>Objects that were read through an API server (<c>docs/spec/object-lines.md</c>).</summary>
    Objects,
}

/// <summary>The compression of an artifact.</summary>
public enum ArtifactCompression
{
    /// <summary>One or more zstd frames (RFC 8878).</summary>
    Zstd,
}

/// <summary>The encryption of an artifact.</summary>
public enum ArtifactEncryption
{
    /// <summary>The compressed bytes are stored as they are.</summary>
    None,

    /// <summary>age v1 to the repository's recipients.</summary>
    Age,
}

/// <summary>The reason for a backup.</summary>
public enum BackupReason
{
    /// <summary>The policy was due.</summary>
    [JsonStringEnumMemberName("schedule")]
    Schedule,

    /// <summary>A scheduled time passed while the agent was not running.</summary>
    [JsonStringEnumMemberName("missed")]
    Missed,

    /// <summary>A user or another program requested it.</summary>
    [JsonStringEnumMemberName("on-demand")]
    OnDemand,

    /// <summary>It was imported from a file that another program made.</summary>
    [JsonStringEnumMemberName("import")]
    Import,
}
