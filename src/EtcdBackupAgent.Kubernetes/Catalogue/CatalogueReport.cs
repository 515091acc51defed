using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>What a sync found and did.</summary>
internal sealed record CatalogueReport
{
    /// <summary>All that is in the repository, for whoever measures it.</summary>
    public required Inventory Inventory { get; init; }

    /// <summary>Records that were made.</summary>
    public required int Created { get; init; }

    /// <summary>Records that say more, or something else, than before.</summary>
    public required int Changed { get; init; }

    /// <summary>Records that were removed, because their snapshot was gone already.</summary>
    public required int Removed { get; init; }

    /// <inheritdoc cref="CataloguePlan.NameTaken"/>
    public required IReadOnlyList<SnapshotId> NameTaken { get; init; }

    /// <summary>Complete snapshots: those that a restore can use.</summary>
    public int Complete => Inventory.Snapshots.Count(s => s.IsComplete);
}
