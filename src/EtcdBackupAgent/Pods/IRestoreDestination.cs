using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;

namespace EtcdBackupAgent.Pods;

/// <summary>Where a MetadataRestore restores to: the part of a <see cref="ClusterRestore"/> after the repository is
/// open.</summary>
/// <typeparam name="TOutcome">What was restored.</typeparam>
internal interface IRestoreDestination<TOutcome>
{
    /// <summary>Restores, and publishes the progress.</summary>
    /// <param name="source">What is restored. It is open until this returns.</param>
    /// <param name="publisher">Publishes the progress; the result is published after this has returned.</param>
    /// <param name="cancellationToken">Ends the restore.</param>
    /// <exception cref="BackupException">The restore failed as a whole.</exception>
    Task<TOutcome> RestoreAsync(OpenedSource source, RestorePublisher publisher, CancellationToken cancellationToken);

    /// <summary>Publishes the result.</summary>
    /// <returns>Null if it was published, otherwise the reason of the failure.</returns>
    Task<BackupException?> PublishAsync(TOutcome outcome, RestorePublisher publisher);
}

/// <summary>What a MetadataRestore restores, in its open repository.</summary>
/// <param name="Restore">The MetadataRestore.</param>
/// <param name="Repository">The repository of the location.</param>
/// <param name="Keys">The keys of the repository.</param>
/// <param name="Selection">The snapshot, the moment or the revision.</param>
internal sealed record OpenedSource(
    RestoreObject Restore, BackupRepository Repository, OpenedKeys Keys, RestoreSelection Selection);
