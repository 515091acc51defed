using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.History;

/// <summary>A snapshot that exists: its folder holds a manifest that can be read.</summary>
public sealed record Snapshot
{
    public required SnapshotFolder Folder { get; init; }

    public required SnapshotManifest Manifest { get; init; }

    /// <summary>Artifacts that the manifest names and that are not there, or not there with their size; empty if
    /// complete.</summary>
    public required IReadOnlyList<ArtifactManifest> Lacking { get; init; }

    /// <summary>The newest record of a deep verification of this very manifest; null if there is none that can be
    /// read.</summary>
    public VerificationRecord? Verification { get; init; }

    /// <summary>Why a newer record than <see cref="Verification"/> does not count; null if there is none.</summary>
    public BackupException? VerificationProblem { get; init; }

    /// <summary>When its manifest was stored, by the store's own clock; null where that is not known.</summary>
    public DateTimeOffset? StoredAt { get; init; }

    /// <summary>
    /// Whether it is dated in the future of the clock that was read with it (<see cref="ClockTolerance"/>). It can be
    /// restored like any other, and never counts as the newest.
    /// </summary>
    public bool IsFromFuture { get; init; }

    public SnapshotId Id => Folder.Id;

    /// <summary>Oldest first by date alone. Which is really the newest, <see cref="SnapshotHistory.Order"/>
    /// says.</summary>
    public static Comparer<Snapshot> ByTime { get; } = Comparer<Snapshot>.Create((a, b) =>
        (a.Manifest.StartedAt, a.Manifest.CompletedAt, a.Id.Value)
            .CompareTo((b.Manifest.StartedAt, b.Manifest.CompletedAt, b.Id.Value)));

    /// <summary>Whether every artifact is there with its size. That its bytes are right is for verify to say.</summary>
    public bool IsComplete => Lacking.Count == 0;

    /// <summary>Whether the last deep verification found something wrong.</summary>
    public bool IsDamaged => Verification?.Result == VerificationResult.Damaged;

    /// <summary>Whether the last deep verification found nothing wrong, and nothing has been lost since.</summary>
    public bool IsProved => IsComplete && Verification?.Result == VerificationResult.Sound;

    /// <summary>Whether it can be relied on as far as is known: it is complete, and not known to be damaged.</summary>
    public bool IsGood => IsComplete && !IsDamaged;
}
