using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.RestorePoints;

/// <summary>
/// A time during which every second can be restored: snapshots, and a part of a change log after them.
/// </summary>
public sealed record RestoreWindow
{
    /// <summary>The path of the log.</summary>
    public required LogPath Path { get; init; }

    /// <summary>The good snapshots on which the path can be applied, oldest first; at least one.</summary>
    public required IReadOnlyList<Snapshot> Bases { get; init; }

    /// <summary>Why the log ends here, as a sentence without a full stop; null if nothing is known to follow.</summary>
    public string? EndReason { get; init; }

    /// <summary>
    /// The revision up to which the log is proven: a restore had the HashKV that the live cluster had
    /// (<c>docs/spec/change-log.md</c>, "Proofs"). Null if nothing after the first snapshot is.
    /// </summary>
    public required long? ProvenRevision { get; init; }

    /// <summary>The time up to which the log is proven, at the least; null if it is not.</summary>
    public DateTimeOffset? ProvenUntil => ProvenRevision is not { } revision ? null
        : Path.Segments.Where(s => s.Name.Last <= revision).Select(s => s.Name.End).Append(From).Max();

    /// <summary>The policy.</summary>
    public ResourceName Policy => Path.Lineage.Policy;

    /// <summary>The etcd cluster.</summary>
    public EtcdId ClusterId => Path.Lineage.ClusterId;

    /// <summary>The first moment: when the first snapshot was complete.</summary>
    public DateTimeOffset From => Bases[0].Manifest.CompletedAt;

    /// <summary>The last moment, to the second. Right after the first snapshot it may be the first one.</summary>
    public DateTimeOffset To => Path.End > From ? Path.End : From;

    /// <summary>The first revision that is surely in the window.</summary>
    public long FromRevision => LastRevisionOf(Bases[0]);

    /// <summary>The last revision.</summary>
    public long ToRevision => Math.Max(Path.Last, FromRevision);

    /// <summary>Finds the windows of a repository, by policy, cluster and time.</summary>
    /// <param name="inventory">The snapshots.</param>
    /// <param name="logs">The change logs.</param>
    public static IReadOnlyList<RestoreWindow> Of(Inventory inventory, LogInventory logs)
    {
        List<RestoreWindow> windows = [];
        foreach (LogLineage lineage in logs.Lineages)
        {
            IReadOnlyList<LogPath> paths = LogPath.Of(lineage);
            for (int i = 0; i < paths.Count; i++)
            {
                Snapshot[] bases = [.. inventory.Snapshots.Where(s => IsBaseOf(s, paths[i])).Order(Snapshot.ByTime)];
                if (bases.Length > 0)
                {
                    windows.Add(new RestoreWindow
                    {
                        Path = paths[i],
                        Bases = bases,
                        ProvenRevision = ProvenRevisionOf(
                            lineage.Proofs, LastRevisionOf(bases[0]), paths[i].Last),
                        EndReason = i + 1 < paths.Count
                            ? $"the segments from revision {paths[i].Last + 1} to {paths[i + 1].First - 1} are missing"
                            : logs.Lineages.FirstOrDefault(l => l.Document?.Previous == lineage.Id)?.Document?.Reason,
                    });
                }
            }
        }

        return
        [
            .. windows
                .OrderBy(w => w.Policy.ToString(), StringComparer.Ordinal)
                .ThenBy(w => w.From)
                .ThenBy(w => w.Path.Lineage.Id.Value, StringComparer.Ordinal),
        ];
    }

    private static long LastRevisionOf(Snapshot snapshot) =>
        snapshot.Manifest.Etcd?.LastRevision ?? snapshot.Manifest.Revision;

    /// <summary>Returns the revision up to which proofs reach without a gap; null if they prove nothing.</summary>
    /// <param name="proofs">The proofs of the lineage, by their first revision.</param>
    /// <param name="first">The first revision of the window.</param>
    /// <param name="last">The last one.</param>
    internal static long? ProvenRevisionOf(IEnumerable<ProvenRevisions> proofs, long first, long last)
    {
        long proven = first;
        foreach (ProvenRevisions proof in proofs)
        {
            if (proof.From <= proven && proof.To <= last)
            {
                proven = Math.Max(proven, proof.To);
            }
        }

        return proven > first ? proven : null;
    }

    /// <summary>Whether a path can be applied on a snapshot, as far as names and manifests tell.</summary>
    private static bool IsBaseOf(Snapshot snapshot, LogPath path) =>
        snapshot.IsGood
        && LogBases.IsBaseOf(snapshot.Manifest, path.Lineage, path.First - 1)
        && snapshot.Manifest.Revision <= path.Last
        && (snapshot.Manifest.ChangeLog is not null || snapshot.Manifest.StartedAt <= path.End);
}
