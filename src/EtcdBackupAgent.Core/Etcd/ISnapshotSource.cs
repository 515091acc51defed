using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Etcd;

/// <summary>The source of etcd snapshots: a live cluster.</summary>
public interface ISnapshotSource : IBackupSource
{
    /// <summary>
    /// Chooses the member to read and opens its snapshot stream. When this returns, only the first message, which
    /// contains the size, has been read.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.EtcdUnreachable"/>, <see cref="FailureReason.EtcdDenied"/> or
    /// <see cref="FailureReason.EtcdFailed"/>; the message lists each endpoint that was tried and why it was not used.
    /// </exception>
    Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Opens a snapshot that may be stored as changes. It prefers the given member if that is healthy, because two
    /// members may have finished different compactions. Before the status of a member it makes a linearizable read
    /// there; if the read fails, the snapshot is opened nevertheless, with
    /// <see cref="EtcdSnapshot.NotLinearizableReason"/>.
    /// </summary>
    /// <inheritdoc cref="OpenAsync"/>
    Task<EtcdSnapshot> OpenForChangesAsync(EtcdId preferredMember, CancellationToken cancellationToken);
}
