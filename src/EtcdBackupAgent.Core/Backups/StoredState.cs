using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Snapshots.Changes;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>The stored state of a cluster: its database, or its objects.</summary>
/// <param name="Artifact">What was stored.</param>
/// <param name="Kind">Full or incremental.</param>
/// <param name="KindReason">Why; null if no increments were wanted.</param>
internal sealed record StoredState(ArtifactManifest Artifact, SnapshotKind Kind, string? KindReason)
{
    /// <summary>The snapshot of etcd that was read, for HashKV; null for objects. The caller disposes it.</summary>
    public EtcdSnapshot? Snapshot { get; init; }

    /// <summary>The restore point that the database has; null for none.</summary>
    public SnapshotPoint? RestorePoint { get; init; }

    /// <summary>
    /// Why the database does not have the restore point that was requested, or may not have it; null if it has.
    /// </summary>
    public string? PointWarning { get; init; }

    /// <summary>The base of an incremental snapshot.</summary>
    public Snapshot? Base { get; init; }

    /// <summary>What the changes are; null for a full snapshot.</summary>
    public ChangesSummary? Changes { get; init; }

    /// <summary>The cluster whose objects were read; null for a database.</summary>
    public ApiCluster? Cluster { get; init; }
}
