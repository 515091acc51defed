using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Tests.Core;

/// <summary>Sample snapshots and manifests; their artifacts are not stored anywhere.</summary>
internal static class SampleSnapshots
{
    public static readonly DateTimeOffset NewYear = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static HashKv Hash => new() { Revision = 4711, Hash = 4_000_000_001, CompactRevision = 4700 };

    public static Snapshot Create(
        DateTimeOffset startedAt,
        string policy = "nightly",
        ulong cluster = 0xc1,
        bool complete = true,
        SnapshotId? id = null,
        VerificationResult? verified = null,
        long revision = 4711,
        bool future = false)
    {
        SnapshotFolder folder = new(startedAt, id ?? SnapshotId.New());
        SnapshotManifest manifest = Manifest(folder, policy, cluster);
        manifest = RepositoryJson.Sealed(manifest with { Etcd = manifest.Etcd! with { Revision = revision } });
        return new Snapshot
        {
            Folder = folder,
            Manifest = manifest,
            IsFromFuture = future,
            Missing = complete ? [] : manifest.Artifacts,
            Verification = verified is { } result ? RepositoryJson.Sealed(Verification(manifest, result)) : null,
        };
    }

    /// <summary>Returns an incremental snapshot that stands on a base.</summary>
    public static Snapshot Incremental(DateTimeOffset startedAt, Snapshot needed, string policy = "nightly")
    {
        SnapshotFolder folder = new(startedAt, SnapshotId.New());
        SnapshotManifest manifest = Manifest(folder, policy);
        ArtifactManifest database = manifest.Artifacts[0];
        return new Snapshot
        {
            Folder = folder,
            Manifest = RepositoryJson.Sealed(manifest with
            {
                FormatVersion = 2,
                StoredKind = SnapshotKind.Incremental,
                KindReason = $"changes since {needed.Id}",
                Base = new SnapshotBase
                {
                    Id = needed.Id,
                    ManifestSha256 = needed.Manifest.DocumentSha256,
                    Revision = needed.Manifest.Revision,
                },
                Artifacts =
                [
                    database with { Kind = ArtifactKind.EtcdChanges, Key = folder.Key("etcd.changes.zst") },
                ],
            }),
            Base = needed,
            Missing = [],
        };
    }

    /// <summary>Returns a record of a verification one hour after the backup, with one check of each result.</summary>
    public static VerificationRecord Verification(SnapshotManifest manifest, VerificationResult result) => new()
    {
        FormatVersion = 1,
        Id = manifest.Id,
        ManifestSha256 = manifest.DocumentSha256,
        StartedAt = manifest.StartedAt.AddHours(1),
        CompletedAt = manifest.StartedAt.AddHours(1).AddSeconds(5),
        AgentVersion = "1.2.3",
        Result = result,
        Checks =
        [
            new VerificationCheck
            {
                Part = VerifiedPart.Pages,
                Result = CheckResult.Passed,
                Detail = "5 pages",
                Problems = [],
            },
            new VerificationCheck
            {
                Part = VerifiedPart.Revisions,
                Result = result == VerificationResult.Sound ? CheckResult.Passed : CheckResult.Failed,
                Detail = "7 revisions",
                Problems = result == VerificationResult.Sound ? [] : ["revision 3 has no key"],
            },
            new VerificationCheck
            {
                Part = VerifiedPart.Certificates,
                Result = CheckResult.NotChecked,
                Detail = "the snapshot holds no certificates",
                Problems = [],
            },
        ],
    };

    public static SnapshotManifest Manifest(
        SnapshotFolder folder, string policy = "nightly", ulong cluster = 0xc1) => new()
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
                DbSizeInUseBytes = 16384,
                HashKv = Hash,
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
