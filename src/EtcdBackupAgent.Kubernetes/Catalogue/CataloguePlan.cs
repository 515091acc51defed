using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>The steps that make the records of a location match its repository: a pure function of both.</summary>
internal sealed record CataloguePlan
{
    /// <summary>The snapshots without a record.</summary>
    public required IReadOnlyList<CatalogueEntry> Missing { get; init; }

    /// <summary>The records with their snapshots. More may be known about a snapshot than its record
    /// contains.</summary>
    public required IReadOnlyList<(RecordObject Record, CatalogueEntry Entry)> Present { get; init; }

    /// <summary>The records whose snapshot is gone.</summary>
    public required IReadOnlyList<RecordObject> Stale { get; init; }

    /// <summary>The snapshots whose record name belongs to a snapshot of another location, as in a copy of a
    /// bucket.</summary>
    public required IReadOnlyList<SnapshotId> NameTaken { get; init; }

    /// <param name="location">The name of the location.</param>
    /// <param name="inventory">The inventory of its repository, taken after the records were listed. A record that was
    /// created since is not in <paramref name="records"/>, so that no new record counts as stale.</param>
    /// <param name="records">All records of the namespace.</param>
    /// <param name="policies">All policies of the namespace.</param>
    public static CataloguePlan Create(
        string location, Inventory inventory, IReadOnlyList<RecordObject> records, IReadOnlyList<PolicyObject> policies)
    {
        Dictionary<string, RecordObject> byName = records.ToDictionary(record => record.Name, StringComparer.Ordinal);
        List<CatalogueEntry> missing = [];
        List<(RecordObject Record, CatalogueEntry Entry)> present = [];
        List<SnapshotId> nameTaken = [];
        OwnSnapshots[] own = [.. policies.Select(policy => PolicySnapshots.Of(policy, inventory.History))];
        foreach (Snapshot snapshot in inventory.Snapshots)
        {
            CatalogueEntry entry = new(snapshot, !own.Any(ofPolicy => ofPolicy.Contains(snapshot)));
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
                nameTaken.Add(snapshot.Id);
            }
        }

        // A snapshot that cannot be read still exists.
        HashSet<string> existing = [.. inventory.Folders.Select(folder => folder.Id.Value)];
        return new CataloguePlan
        {
            Missing = missing,
            Present = present,
            NameTaken = nameTaken,
            Stale =
            [
                .. records.Where(record => record.Location == location
                    && !record.IsBeingDeleted
                    && !existing.Contains(record.SnapshotId ?? "")),
            ],
        };
    }
}
