using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.Verification;

/// <summary>Judges a HashKV that was computed again, and says when it cannot be.</summary>
internal static class HashKvCheck
{
    public static SnapshotCheck NotChecked(string why) =>
        new() { Part = CheckedPart.HashKv, Result = CheckResult.NotChecked, Detail = why };

    /// <summary>Why a hash cannot be computed from a file that is compacted so far; null if it can.</summary>
    public static SnapshotCheck? FindObstacle(HashKv? expected, Compaction compaction) => expected switch
    {
        null => NotChecked("the member's answer is not known"),
        _ when expected.CompactRevision > expected.Revision => NotChecked(
            $"the hash is of revision {expected.Revision}, below its own compaction at {expected.CompactRevision}"),

        // etcd 3.5 and later remember the hashes of their last compactions, each under the compaction before it.
        _ when expected.CompactRevision < compaction.Revision => NotChecked(
            $"the hash needs history from revision {expected.CompactRevision} on, and the snapshot is compacted to {compaction.Revision}"),
        _ => null,
    };

    /// <summary>Compares the hashes.</summary>
    /// <param name="expected">The member's.</param>
    /// <param name="computed">The file's.</param>
    /// <param name="fileRevision">The file's highest revision.</param>
    public static SnapshotCheck Judge(HashKv expected, HashKvComputation computed, long fileRevision)
    {
        if (expected.Revision > fileRevision)
        {
            return Of(
                CheckResult.Failed,
                [$"the snapshot ends at revision {fileRevision}, and the member had {expected.Revision} before it was taken"]);
        }

        if (computed.Hash == expected.Hash)
        {
            return Of(CheckResult.Passed, []);
        }

        return computed.IsCertain || !computed.HasAllRevisions
            ? Of(CheckResult.Failed, [$"the snapshot has the hash {computed.Hash}, and the member had {expected.Hash}"])
            : NotChecked($"no key existed at revision {expected.Revision}, and then etcd's answer depends on how far its compaction has come");

        SnapshotCheck Of(CheckResult result, IReadOnlyList<string> problems) => new()
        {
            Part = CheckedPart.HashKv,
            Result = result,
            Detail = $"{expected.Hash} at revision {expected.Revision}, compacted to {expected.CompactRevision}",
            Problems = problems,
        };
    }
}
