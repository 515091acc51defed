using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Tests.Core;

/// <summary>Snapshots and manifests to reason about; their artifacts exist on paper only.</summary>
internal static class SampleSnapshots
{
    public static readonly DateTimeOffset NewYear = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static Snapshot Create(
        DateTimeOffset startedAt, string policy = "nightly", ulong cluster = 0xc1, bool complete = true, SnapshotId? id = null)
    {
        SnapshotFolder folder = new(startedAt, id ?? SnapshotId.New());
        SnapshotManifest manifest = Manifest(folder, policy, cluster);
        return new Snapshot { Folder = folder, Manifest = manifest, Lacking = complete ? [] : manifest.Artifacts };
    }

    public static SnapshotManifest Manifest(SnapshotFolder folder, string policy = "nightly", ulong cluster = 0xc1) => new()
    {
        FormatVersion = 1,
        Id = folder.Id,
        StartedAt = folder.StartedAt,
        CompletedAt = folder.StartedAt.AddSeconds(12),
        AgentVersion = "1.2.3",
        Policy = new ResourceName(ResourceName.NamespaceDefault, policy),
        Reason = BackupReason.Schedule,
        Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["tier"] = "critical" },
        Etcd = new EtcdMember
        {
            Endpoint = "https://127.0.0.1:2379",
            ClusterId = new EtcdId(cluster),
            MemberId = new EtcdId(0x8e9e05c52164694d),
            Role = EtcdMemberRole.Follower,
            Version = "3.5.30",
            Revision = 4711,
            RaftTerm = 3,
            RaftIndex = 4800,
            DbSizeBytes = 20480,
        },
        Artifacts =
        [
            new ArtifactManifest
            {
                Kind = ArtifactKind.Etcd,
                Key = folder.Key("etcd.db.zst"),
                PlainBytes = 20512,
                PlainSha256 = new Sha256Digest(Enumerable.Repeat((byte)0xab, Sha256Digest.SizeBytes).ToArray()),
                StoredBytes = 4096,
                StoredSha256 = new Sha256Digest(Enumerable.Repeat((byte)0xcd, Sha256Digest.SizeBytes).ToArray()),
                Compression = ArtifactCompression.Zstd,
                Encryption = ArtifactEncryption.None,
            },
        ],
    };
}
