using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;

namespace EtcdBackupAgent.Core.History;

/// <summary>
/// The order of the snapshots of one repository, oldest first. The order is total, and every reader computes the same
/// (<c>docs/spec/repository.md</c>, "Order").
/// </summary>
/// <remarks>
/// 1. Clusters that were restored from each other form one line, older clusters first.
/// 2. Within a cluster, etcd's own counters decide; dates decide only if the counters are equal. A snapshot that is
///    dated in the future counts as older than those with equal counters.
/// 3. Between unrelated lines, dates decide. To be consistent with 2, each snapshot counts there as at least as new
///    as those before it in its line; dates in the future do not count.
/// </remarks>
internal sealed class SnapshotOrder : IComparer<Snapshot>
{
    private readonly Dictionary<SnapshotFolder, (DateTimeOffset Date, ulong Line, int Position)> _places = [];

    public SnapshotOrder(IReadOnlyCollection<Snapshot> snapshots, ClusterSuccession clusters)
    {
        ILookup<EtcdId, Snapshot> byCluster = snapshots.ToLookup(s => s.Manifest.ClusterId);
        foreach (IReadOnlyList<EtcdId> line in clusters.Lines)
        {
            Place(
                line.Min(cluster => cluster.Value),
                [.. line.SelectMany(cluster => byCluster[cluster].Order(WithinCluster))]);
        }
    }

    /// <summary>Compares snapshots of one cluster: revision, raft term, raft index, then dates, then the ID.</summary>
    private static Comparer<Snapshot> WithinCluster { get; } =
        Comparer<Snapshot>.Create((a, b) => Counters(a).CompareTo(Counters(b)) is var byEtcd and not 0
            ? byEtcd
            : Dates(a).CompareTo(Dates(b)));

    /// <exception cref="KeyNotFoundException">A snapshot does not belong to this repository.</exception>
    public int Compare(Snapshot? x, Snapshot? y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        return _places[x.Folder].CompareTo(_places[y.Folder]);
    }

    private static (long, ulong, ulong) Counters(Snapshot s) =>
        (s.Manifest.Revision, s.Manifest.Etcd?.RaftTerm ?? 0, s.Manifest.Etcd?.RaftIndex ?? 0);

    private static (bool, DateTimeOffset, DateTimeOffset, string, DateTimeOffset) Dates(Snapshot s) =>
        (!s.IsFromFuture, s.Manifest.StartedAt, s.Manifest.CompletedAt, s.Id.Value, s.Folder.StartedAt);

    private void Place(ulong line, Snapshot[] oldestFirst)
    {
        // If all are dated in the future, no date is better than another.
        Snapshot? credible = oldestFirst.FirstOrDefault(s => !s.IsFromFuture);
        DateTimeOffset date = credible?.Manifest.StartedAt ?? DateTimeOffset.MinValue;
        for (int position = 0; position < oldestFirst.Length; position++)
        {
            Snapshot snapshot = oldestFirst[position];
            if (!snapshot.IsFromFuture || credible is null)
            {
                date = snapshot.Manifest.StartedAt > date ? snapshot.Manifest.StartedAt : date;
            }

            _places[snapshot.Folder] = (date, line, position);
        }
    }
}
