using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>The result of a sync.</summary>
internal sealed record CatalogueReport
{
    /// <summary>The content of the repository, for the metrics.</summary>
    public required Inventory Inventory { get; init; }

    /// <summary>The number of records that were created.</summary>
    public required int Created { get; init; }

    /// <summary>The number of records whose content changed.</summary>
    public required int Changed { get; init; }

    /// <summary>The number of records that were removed because their snapshot was already gone.</summary>
    public required int Removed { get; init; }

    /// <inheritdoc cref="CataloguePlan.NameTaken"/>
    public required IReadOnlyList<SnapshotId> NameTaken { get; init; }

    /// <summary>The number of complete snapshots, which a restore can use.</summary>
    public int Complete => Inventory.Snapshots.Count(s => s.IsComplete);
}
