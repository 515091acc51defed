using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.Verification;

/// <summary>
/// Compares a HashKV that was computed again with that of the member, and reports why it cannot be computed.
/// </summary>
internal static class HashKvCheck
{
    public static SnapshotCheck NotChecked(string reason) =>
        new() { Part = CheckedPart.HashKv, Result = CheckResult.NotChecked, Detail = reason };

    /// <summary>
    /// Returns the reason why a hash cannot be computed from a file with this compaction, or null if it can.
    /// </summary>
    public static SnapshotCheck? FindObstacle(HashKv? expected, Compaction compaction) => expected switch
    {
        null => NotChecked("the member's hash is not known"),
        _ when expected.CompactRevision > expected.Revision => NotChecked(
            $"the hash is of revision {expected.Revision}, below its own compaction at {expected.CompactRevision}"),

        // etcd 3.5 and later store the hashes of their last compactions, each computed with the previous compaction.
        _ when expected.CompactRevision < compaction.Revision => NotChecked(
            $"the hash requires history from revision {expected.CompactRevision}, but the snapshot is compacted "
            + $"to {compaction.Revision}"),
        _ => null,
    };

    /// <summary>Compares the hashes.</summary>
    /// <param name="expected">The member's hash.</param>
    /// <param name="computed">The file's hash.</param>
    /// <param name="fileRevision">The file's highest revision.</param>
    public static SnapshotCheck Judge(HashKv expected, HashKvComputation computed, long fileRevision)
    {
        if (expected.Revision > fileRevision)
        {
            return Of(
                CheckResult.Failed,
                [
                    $"the snapshot ends at revision {fileRevision}, but the member had {expected.Revision} before it "
                    + "was taken",
                ]);
        }

        if (computed.Hash == expected.Hash)
        {
            return Of(CheckResult.Passed, []);
        }

        return computed.IsCertain || !computed.HasAllRevisions
            ? Of(CheckResult.Failed, [$"the snapshot has the hash {computed.Hash}, but the member had {expected.Hash}"])
            : NotChecked(
                $"no key existed at revision {expected.Revision}, so etcd's hash depends on the progress of its "
                + "compaction");

        SnapshotCheck Of(CheckResult result, IReadOnlyList<string> problems) => new()
        {
            Part = CheckedPart.HashKv,
            Result = result,
            Detail = $"{expected.Hash} at revision {expected.Revision}, compacted to {expected.CompactRevision}",
            Problems = problems,
        };
    }
}
