using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>Removes segments of a policy's change log (<c>docs/spec/change-log.md</c>, "Pruning").</summary>
/// <remarks>
/// 1. Read the snapshots and the log.
/// 2. Plan: each segment with the reason why it is removed.
/// 3. Remove them, the oldest first, so that no hole appears.
/// 4. Remove the documents of lineages that have no segment any more, except the newest.
/// </remarks>
public sealed class LogPruneRun(BackupRepository repository, TimeProvider time)
{
    private const int DeletesMax = 1000;

    /// <summary>Removes the segments of a policy that are too old or of no use.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="policyUid">Its UID; null if it has none.</param>
    /// <param name="keep">Segments that end before this time ago are removed.</param>
    /// <param name="cancellationToken">A cancelled call has removed the oldest segments only.</param>
    /// <returns>The number of segments that were removed.</returns>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public async Task<int> ExecuteAsync(
        ResourceName policy, string? policyUid, TimeSpan keep, CancellationToken cancellationToken)
    {
        // 1. what there is
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        LogInventory logs = await LogInventory.ReadAsync(repository.Store, cancellationToken);
        LogLineage[] own =
        [
            .. logs.Lineages.Where(l => l.Document is { } document
                && document.Policy == policy
                && (document.PolicyUid is null || policyUid is null || document.PolicyUid == policyUid)),
        ];

        // 2. the plan
        DateTimeOffset old = time.GetUtcNow() - keep;
        LogPruneDecision[] removed = [.. own.SelectMany(lineage => Plan(lineage, inventory.Snapshots, old))];

        // 3. the segments
        foreach (LogPruneDecision[] some in removed.Chunk(DeletesMax))
        {
            await repository.Store.DeleteAsync([.. some.Select(s => s.Segment.Key)], cancellationToken);
        }

        // 4. the documents
        HashSet<SegmentName> gone = [.. removed.Select(r => r.Segment)];
        ObjectKey[] documents =
        [
            .. own.SkipLast(1)
                .Where(lineage => lineage.Document!.StartedAt < old || lineage.Segments.Count > 0)
                .Where(lineage => lineage.Segments.All(s => gone.Contains(s.Name)))
                .Select(lineage => LineageDocument.KeyOf(lineage.Id)),
        ];
        await repository.Store.DeleteAsync(documents, cancellationToken);
        return removed.Length;
    }

    /// <summary>Returns which segments of a lineage are removed, oldest first, and why.</summary>
    /// <param name="lineage">A lineage whose document can be read.</param>
    /// <param name="snapshots">All snapshots of the repository.</param>
    /// <param name="old">Segments that end before this are too old.</param>
    internal static IEnumerable<LogPruneDecision> Plan(
        LogLineage lineage, IReadOnlyList<Snapshot> snapshots, DateTimeOffset old)
    {
        long first = lineage.Segments.Count == 0 ? 0 : lineage.Segments[0].Name.First;
        long[] bases =
        [
            .. snapshots
                .Where(s => s.IsComplete && LogBases.IsBaseOf(s.Manifest, lineage.Document!, first - 1))
                .Select(s => s.Manifest.Etcd.Revision),
        ];
        foreach (StoredSegment segment in lineage.Segments)
        {
            string? reason = segment.Name.End < old ? "it is older than the policy keeps its change log"
                // The segment with the base's own revision is kept: it proves that both have one history.
                : bases.Length > 0 && segment.Name.Last < bases.Min() ? "every snapshot is newer"
                : null;
            if (reason is null)
            {
                // A later segment is never removed before an earlier one.
                yield break;
            }

            yield return new LogPruneDecision(segment.Name, reason);
        }
    }
}

/// <summary>A segment that is removed, and why, as a sentence without a full stop.</summary>
internal sealed record LogPruneDecision(SegmentName Segment, string Reason);
