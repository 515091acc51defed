using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>A segment that is removed.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="Reason">Why it is removed, as a sentence without a full stop.</param>
public sealed record LogPruneDecision(SegmentName Segment, string Reason);

/// <summary>What is removed of a policy's change log (<c>docs/spec/change-log.md</c>, "Pruning").</summary>
public sealed record LogPrunePlan
{
    /// <summary>The most objects in one request to the store.</summary>
    private const int DeletesMax = 1000;

    /// <summary>Nothing is removed.</summary>
    public static readonly LogPrunePlan Nothing = new() { Segments = [], Documents = [] };

    /// <summary>The segments, of each lineage the oldest first.</summary>
    public required IReadOnlyList<LogPruneDecision> Segments { get; init; }

    /// <summary>
    /// The documents of lineages that then have no segment, except the newest, and the proofs of removed segments.
    /// </summary>
    public required IReadOnlyList<ObjectKey> Documents { get; init; }

    /// <summary>Plans for one policy.</summary>
    /// <param name="logs">The change logs of the repository.</param>
    /// <param name="snapshots">All snapshots that remain in the repository.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="policyUid">Its UID; null if it has none.</param>
    /// <param name="old">Segments that end before this are too old.</param>
    public static LogPrunePlan Make(
        LogInventory logs,
        IReadOnlyList<Snapshot> snapshots,
        ResourceName policy,
        string? policyUid,
        DateTimeOffset old)
    {
        LogLineage[] own =
        [
            .. logs.Lineages.Where(l => l.Document is { } document
                && document.Policy == policy
                && (document.PolicyUid is null || policyUid is null || document.PolicyUid == policyUid)),
        ];
        LogPruneDecision[] removed = [.. own.SelectMany(lineage => Decide(lineage, snapshots, old))];
        HashSet<SegmentName> gone = [.. removed.Select(r => r.Segment)];
        return new LogPrunePlan
        {
            Segments = removed,
            Documents =
            [
                .. own.SkipLast(1)
                    .Where(lineage => lineage.Document!.StartedAt < old || lineage.Segments.Count > 0)
                    .Where(lineage => lineage.Segments.All(s => gone.Contains(s.Name)))
                    .Select(lineage => LineageDocument.KeyOf(lineage.Id)),
                .. own.SelectMany(lineage => lineage.Proofs
                    .Where(proof => !lineage.Segments.Any(s => !gone.Contains(s.Name) && s.Name.First <= proof.To))
                    .Select(proof => LogProof.KeyOf(lineage.Id, proof))),
            ],
        };
    }

    /// <summary>Returns the time before which a segment is too old.</summary>
    /// <param name="now">The time.</param>
    /// <param name="keep">How long segments are kept; <see cref="TimeSpan.MaxValue"/>: none is too old.</param>
    public static DateTimeOffset OldBefore(DateTimeOffset now, TimeSpan keep) =>
        now - DateTimeOffset.MinValue > keep ? now - keep : DateTimeOffset.MinValue;

    /// <summary>Removes the segments, the oldest first so that no hole appears, and then the documents.</summary>
    /// <exception cref="Failures.BackupException">With the store's reason.</exception>
    public async Task RemoveAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        foreach (LogPruneDecision[] some in Segments.Chunk(DeletesMax))
        {
            await store.DeleteAsync([.. some.Select(s => s.Segment.Key)], cancellationToken);
        }

        await store.DeleteAsync(Documents, cancellationToken);
    }

    private static IEnumerable<LogPruneDecision> Decide(
        LogLineage lineage, IReadOnlyList<Snapshot> snapshots, DateTimeOffset old)
    {
        long first = lineage.Segments.Count == 0 ? 0 : lineage.Segments[0].Name.First;
        long[] bases =
        [
            .. snapshots
                .Where(s => s.IsComplete && LogBases.IsBaseOf(s.Manifest, lineage.Document!, first - 1))
                .Select(s => s.Manifest.Revision),
        ];
        long oldestBase = bases.Length == 0 ? 0 : bases.Min();
        foreach (StoredSegment segment in lineage.Segments)
        {
            string? reason = segment.Name.End < old ? "it is older than the policy keeps its change log"
                // The segment with the base's own revision is kept: it proves that both have one history.
                : segment.Name.Last < oldestBase ? "every snapshot is newer"
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
