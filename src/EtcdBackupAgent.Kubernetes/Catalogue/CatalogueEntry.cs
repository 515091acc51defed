using EtcdBackupAgent.Core.History;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>A snapshot as its record in the cluster has to describe it.</summary>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="IsForeign">See <see cref="Objects.ClusterNames.ForeignLabel"/>.</param>
internal sealed record CatalogueEntry(Snapshot Snapshot, bool IsForeign);
