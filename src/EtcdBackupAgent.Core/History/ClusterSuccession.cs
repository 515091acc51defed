using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;

namespace EtcdBackupAgent.Core.History;

/// <summary>Which etcd clusters go on with the history of which others, by the notes that restores left.</summary>
/// <remarks>
/// A note alone is not enough: a copy of a cluster may have been restored for a trial while the original lives on, and
/// both may back up into one repository. So a cluster succeeds another only if that one came to its end: no snapshot of
/// it was made after the first of the newer one, by the dates in the manifests or by the store's own. The cluster
/// before such a one is not followed either.
/// </remarks>
internal sealed class ClusterSuccession
{
    private readonly ILookup<EtcdId, Snapshot> _snapshots;
    private readonly ILookup<EtcdId, RestoreNote> _origins;
    private readonly Dictionary<EtcdId, IReadOnlySet<EtcdId>> _ancestors = [];

    public ClusterSuccession(IReadOnlyCollection<Snapshot> snapshots, IEnumerable<RestoreNote> notes)
    {
        _snapshots = snapshots.ToLookup(s => s.Manifest.Etcd.ClusterId);
        ILookup<SnapshotId, Snapshot> byId = snapshots.ToLookup(s => s.Id);
        _origins = notes
            .Where(note => note.ClusterId != note.PreviousClusterId)
            .Where(note => byId[note.SnapshotId].All(s => s.Manifest.Etcd.ClusterId == note.PreviousClusterId))
            .OrderBy(note => note.Key.Value, StringComparer.Ordinal)
            .ToLookup(note => note.ClusterId);
        EtcdId[] clusters = [.. _snapshots.Select(group => group.Key).OrderBy(cluster => cluster.Value)];
        foreach (EtcdId cluster in clusters)
        {
            _ancestors[cluster] = FindAncestors(cluster);
        }

        Lines = [.. MakeLines(clusters)];
    }

    /// <summary>The clusters that have snapshots, in groups that have a history in common, each from its oldest to its
    /// newest.</summary>
    public IReadOnlyList<IReadOnlyList<EtcdId>> Lines { get; }

    /// <summary>The clusters whose history this one goes on with, itself not among them.</summary>
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
                if (older != cluster && CameToItsEndBefore(older, cluster) && ancestors.Add(older))
                {
                    open.Enqueue(older);
                }
            }
        }

        return ancestors;
    }

    private bool CameToItsEndBefore(EtcdId older, EtcdId newer) =>
        !_snapshots[older].Any()
        || !_snapshots[newer].Any()
        || IsBefore(_snapshots[older], _snapshots[newer], s => s.IsFromFuture ? null : s.Manifest.StartedAt)
        || IsBefore(_snapshots[older], _snapshots[newer], s => s.StoredAt);

    /// <summary>Whether the last of some is not after the first of others, by more than clocks may differ.</summary>
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

    /// <summary>Ancestors first; of those that are free to go next, the one that began first. Notes that go in a
    /// circle, which only a forger writes, cannot keep it from its end.</summary>
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
