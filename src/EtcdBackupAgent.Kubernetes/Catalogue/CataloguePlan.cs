using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>What there is to do so that the records of a location are those of its repository: a pure function of
/// both.</summary>
internal sealed record CataloguePlan
{
    /// <summary>Snapshots without a record.</summary>
    public required IReadOnlyList<CatalogueEntry> Missing { get; init; }

    /// <summary>Records with their snapshots, which may say more by now.</summary>
    public required IReadOnlyList<(RecordObject Record, CatalogueEntry Entry)> Present { get; init; }

    /// <summary>Records whose snapshot is gone.</summary>
    public required IReadOnlyList<RecordObject> Stale { get; init; }

    /// <summary>Snapshots whose record's name belongs to a snapshot of another location: a copy of a bucket.</summary>
    public required IReadOnlyList<SnapshotId> NameTaken { get; init; }

    /// <param name="location">Name of the location.</param>
    /// <param name="inventory">All that is in its repository, taken after the records were listed: a record that was
    /// made since is none of <paramref name="records"/>, so that none is stale for being young.</param>
    /// <param name="records">All records of the namespace.</param>
    /// <param name="policies">All policies of the namespace.</param>
    public static CataloguePlan Make(
        string location, Inventory inventory, IReadOnlyList<RecordObject> records, IReadOnlyList<PolicyObject> policies)
    {
        Dictionary<string, RecordObject> byName = records.ToDictionary(record => record.Name, StringComparer.Ordinal);
        List<CatalogueEntry> missing = [];
        List<(RecordObject Record, CatalogueEntry Entry)> present = [];
        List<SnapshotId> taken = [];
        OwnSnapshots[] own = [.. policies.Select(policy => PolicySnapshots.Of(policy, inventory.History))];
        foreach (Snapshot snapshot in inventory.Snapshots)
        {
            CatalogueEntry entry = new(snapshot, !own.Any(one => one.Contains(snapshot)));
            if (!byName.TryGetValue(ClusterNames.RecordOf(snapshot.Id.Value), out RecordObject? record))
            {
                missing.Add(entry);
            }
            else if (record.Location == location)
            {
                present.Add((record, entry));
            }
            else
            {
                taken.Add(snapshot.Id);
            }
        }

        // A snapshot that cannot be read is there all the same.
        HashSet<string> there = [.. inventory.Folders.Select(folder => folder.Id.Value)];
        return new CataloguePlan
        {
            Missing = missing,
            Present = present,
            NameTaken = taken,
            Stale =
            [
                .. records.Where(record => record.Location == location
                    && !record.IsBeingDeleted
                    && !there.Contains(record.SnapshotId ?? "")),
            ],
        };
    }
}
