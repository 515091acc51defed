using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Etcd;

/// <summary>Where etcd snapshots come from: a live cluster.</summary>
public interface ISnapshotSource
{
    /// <summary>
    /// Chooses the member to read and opens its snapshot stream. Nothing of the snapshot has been read when this returns but
    /// the first message, which tells its size.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.EtcdUnreachable"/>, <see cref="FailureReason.EtcdDenied"/> or <see cref="FailureReason.EtcdFailed"/>,
    /// naming each endpoint that was tried and why it would not do.
    /// </exception>
    Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken);
}
