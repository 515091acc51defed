using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.History;

/// <summary>A snapshot that exists: its folder contains a readable manifest.</summary>
public sealed record Snapshot
{
    public required SnapshotFolder Folder { get; init; }

    public required SnapshotManifest Manifest { get; init; }

    /// <summary>
    /// Artifacts that the manifest names but that do not exist or have another size; empty if the snapshot is complete.
    /// </summary>
    public required IReadOnlyList<ArtifactManifest> Missing { get; init; }

    /// <summary>
    /// The full snapshot that an incremental one stands on; null for a full snapshot, and if <see cref="BaseProblem"/>
    /// says why there is none. Only an inventory knows it.
    /// </summary>
    public Snapshot? Base { get; init; }

    /// <summary>
    /// Why an incremental snapshot cannot be restored although its own artifacts exist, as the second part of a
    /// sentence; null if its base is complete, or if it needs none.
    /// </summary>
    public string? BaseProblem { get; init; }

    /// <summary>The newest readable record of a deep verification of this manifest; null if there is none.</summary>
    public VerificationRecord? Verification { get; init; }

    /// <summary>Why a newer record than <see cref="Verification"/> does not count; null if there is none.</summary>
    public BackupException? VerificationProblem { get; init; }

    /// <summary>
    /// What the signature of the manifest says. In a repository with signers it decides whether the snapshot counts.
    /// </summary>
    public DocumentSignature Signature { get; init; } = DocumentSignature.NotNeeded;

    /// <summary>The statement that keeps retention from removing the snapshot; null if there is none.</summary>
    public Statement? Hold { get; init; }

    /// <summary>The statement that the snapshot is known to be bad; null if there is none.</summary>
    public Statement? Exclusion { get; init; }

    /// <summary>When the manifest was stored, by the store's own clock; null if that is not known.</summary>
    public DateTimeOffset? StoredAt { get; init; }

    /// <summary>
    /// Whether the snapshot is dated in the future of the local clock at the time of reading
    /// (<see cref="ClockTolerance"/>). It can be restored like any other, but never counts as the newest.
    /// </summary>
    public bool IsFromFuture { get; init; }

    /// <summary>
    /// The lock of the manifest, which is that of the whole snapshot; null if there is none, or if the user may not see
    /// it.
    /// </summary>
    public ObjectLock? Lock { get; init; }

    /// <summary>Returns whether the bucket refuses to remove the snapshot at a moment.</summary>
    public bool IsLockedAt(DateTimeOffset now) => Lock?.Until > now;

    public SnapshotId Id => Folder.Id;

    /// <summary>
    /// Compares by date alone, oldest first. Use <see cref="SnapshotHistory.Order"/> to find the newest.
    /// </summary>
    public static Comparer<Snapshot> ByTime { get; } = Comparer<Snapshot>.Create((a, b) =>
        (a.Manifest.StartedAt, a.Manifest.CompletedAt, a.Id.Value)
            .CompareTo((b.Manifest.StartedAt, b.Manifest.CompletedAt, b.Id.Value)));

    /// <summary>
    /// Whether every artifact exists with its size, also those of the base. Verification checks whether the bytes are
    /// correct.
    /// </summary>
    public bool IsComplete => Missing.Count == 0 && BaseProblem is null;

    /// <summary>What is missing, as a phrase; null if the snapshot is complete.</summary>
    public string? MissingParts => Missing.Count > 0
        ? $"{string.Join(", ", Missing.Select(a => a.Key.Value.Split('/')[^1]))} missing"
        : BaseProblem;

    /// <summary>Whether the last deep verification of the snapshot, or of its base, found damage.</summary>
    public bool IsDamaged => Verification?.Result == VerificationResult.Damaged || Base?.IsDamaged == true;

    /// <summary>Whether the last deep verification found no damage, and the snapshot counts.</summary>
    public bool IsProved => IsGood && Verification?.Result == VerificationResult.Sound;

    /// <summary>
    /// Whether the snapshot counts: it is complete, not known to be damaged or bad, and signed if that is required.
    /// </summary>
    public bool IsGood => IsComplete && !IsDamaged && Exclusion is null && Signature.Counts;

    /// <summary>Why a complete snapshot does not count, as a phrase; null if it does.</summary>
    public string? ReasonNotCounted => IsDamaged ? "damaged according to its deep verification"
        : Exclusion is { } exclusion ? $"excluded: {exclusion.Reason}"
        : Signature.Counts ? null
        : $"not trusted: {Signature.Problem}";
}
