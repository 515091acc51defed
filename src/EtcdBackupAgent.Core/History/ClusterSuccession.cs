using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;

namespace EtcdBackupAgent.Core.History;

/// <summary>The etcd clusters that continue the history of other clusters, according to the restore notes.</summary>
/// <remarks>
/// A note alone is not enough: a copy of a cluster may have been restored for a test while the original continues to
/// run, and both may back up to one repository. So a cluster succeeds another cluster only if the older one has ended:
/// no snapshot of it was made after the first snapshot of the newer one, by the dates in the manifests or by the
/// store's own dates. The ancestors of a cluster that has not ended are not followed either.
/// </remarks>
internal sealed class ClusterSuccession
{
    private readonly ILookup<EtcdId, Snapshot> _snapshots;
    private readonly ILookup<EtcdId, RestoreNote> _origins;
    private readonly Dictionary<EtcdId, IReadOnlySet<EtcdId>> _ancestors = [];

    public ClusterSuccession(IReadOnlyCollection<Snapshot> snapshots, IEnumerable<RestoreNote> notes)
    {
        _snapshots = snapshots.ToLookup(s => s.Manifest.ClusterId);
        ILookup<SnapshotId, Snapshot> byId = snapshots.ToLookup(s => s.Id);
        _origins = notes
            .Where(note => note.ClusterId != note.PreviousClusterId)
            .Where(note => byId[note.SnapshotId].All(s => s.Manifest.ClusterId == note.PreviousClusterId))
            .OrderBy(note => note.Key.Value, StringComparer.Ordinal)
            .ToLookup(note => note.ClusterId);
        EtcdId[] clusters = [.. _snapshots.Select(group => group.Key).OrderBy(cluster => cluster.Value)];
        foreach (EtcdId cluster in clusters)
        {
            _ancestors[cluster] = FindAncestors(cluster);
        }

        Lines = [.. MakeLines(clusters)];
    }

    /// <summary>
    /// The clusters that have snapshots, in groups that share a history. Each group is in order from its oldest to its
    /// newest cluster.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<EtcdId>> Lines { get; }

    /// <summary>Returns the clusters whose history this cluster continues, without the cluster itself.</summary>
    public IReadOnlySet<EtcdId> Ancestors(EtcdId cluster) =>
        _ancestors.TryGetValue(cluster, out IReadOnlySet<EtcdId>? known) ? known : FindAncestors(cluster);

    public IReadOnlyList<RestoreNote> OriginsOf(EtcdId cluster) => [.. _origins[cluster]];

    private HashSet<EtcdId> FindAncestors(EtcdId cluster)
    {
        HashSet<EtcdId> ancestors = [];
        Queue<EtcdId> open = new([cluster]);
        while (open.TryDequeue(out EtcdId newer))
        {
            foreach (EtcdId older in _origins[newer].Select(note => note.PreviousClusterId))
            {
                if (older != cluster && EndedBefore(older, cluster) && ancestors.Add(older))
                {
                    open.Enqueue(older);
                }
            }
        }

        return ancestors;
    }

    private bool EndedBefore(EtcdId older, EtcdId newer) =>
        !_snapshots[older].Any()
        || !_snapshots[newer].Any()
        || IsBefore(_snapshots[older], _snapshots[newer], s => s.IsFromFuture ? null : s.Manifest.StartedAt)
        || IsBefore(_snapshots[older], _snapshots[newer], s => s.StoredAt);

    /// <summary>
    /// Returns whether the last older date is not after the first newer date by more than clocks may differ.
    /// </summary>
    private static bool IsBefore(
        IEnumerable<Snapshot> older, IEnumerable<Snapshot> newer, Func<Snapshot, DateTimeOffset?> date) =>
        older.Max(date) is { } last && newer.Min(date) is { } first && last - first <= ClockTolerance.ClockToleranceMax;

    private IEnumerable<IReadOnlyList<EtcdId>> MakeLines(EtcdId[] clusters)
    {
        HashSet<EtcdId> left = [.. clusters];
        foreach (EtcdId start in clusters)
        {
            if (left.Contains(start))
            {
                yield return InOrder(TakeRelated(start, left));
            }
        }
    }

    private HashSet<EtcdId> TakeRelated(EtcdId start, HashSet<EtcdId> left)
    {
        HashSet<EtcdId> related = [];
        Queue<EtcdId> open = new([start]);
        while (open.TryDequeue(out EtcdId one))
        {
            if (left.Remove(one))
            {
                related.Add(one);
                foreach (EtcdId other in left.Where(
                    other => _ancestors[one].Contains(other) || _ancestors[other].Contains(one)))
                {
                    open.Enqueue(other);
                }
            }
        }

        return related;
    }

    /// <summary>
    /// Orders ancestors first; among the clusters without a remaining ancestor, the one that started first. Notes that
    /// form a cycle, which only a forger writes, cannot prevent the loop from ending.
    /// </summary>
    private List<EtcdId> InOrder(HashSet<EtcdId> related)
    {
        List<EtcdId> ordered = [];
        while (related.Count > 0)
        {
            EtcdId next = related
                .OrderBy(cluster => related.Any(other => _ancestors[cluster].Contains(other)))
                .ThenBy(cluster => _snapshots[cluster].Min(s => (s.IsFromFuture, s.Manifest.StartedAt)))
                .ThenBy(cluster => cluster.Value)
                .First();
            related.Remove(next);
            ordered.Add(next);
        }

        return ordered;
    }
}
