using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Etcd;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// The adapters of a <see cref="PolicyBackup"/> and a <see cref="PolicyArchive"/>. The composition provides them.
/// </summary>
internal sealed record PolicyBackupParts
{
    /// <summary>The store of a location, with the credentials of its Secret. It connects at its first use.</summary>
    public required Func<BackupLocation, ResourceSet, IObjectStore> OpenStore { get; init; }

    /// <summary>The etcd cluster that a policy names. It connects at its first use.</summary>
    public required Func<EtcdConnection, ISnapshotSource> OpenEtcd { get; init; }

    /// <summary>The API server that objects are read from: that of the policies, or of this process.</summary>
    public required Func<PolicyObjects, CancellationToken, Task<OpenedBackupSource>> OpenObjects { get; init; }

    /// <summary>The changes of the etcd cluster that a policy names. It connects at its first use.</summary>
    public required Func<EtcdConnection, IChangeSource> OpenChanges { get; init; }

    /// <summary>Where a backup stores data that a slow repository has not accepted yet.</summary>
    public required ScratchSpace Scratch { get; init; }

    public required TimeProvider Time { get; init; }
}
