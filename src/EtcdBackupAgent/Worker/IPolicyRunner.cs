using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Worker;

/// <summary>What the worker needs for a policy: the time of its last backup, and to make another one.</summary>
public interface IPolicyRunner
{
    /// <summary>
    /// Returns when the newest complete snapshot of this policy in its repository that is not known to be damaged was
    /// started; null if there is none, or no repository yet. The worker keeps no state of its own: it finds missed runs
    /// by this time.
    /// </summary>
    /// <exception cref="BackupException">The repository cannot be read.</exception>
    Task<DateTimeOffset?> LastBackupAsync(
        BackupPolicy policy,
        ResourceSet resources,
        CancellationToken cancellationToken);

    /// <summary>
    /// Backs up once, including verification and retention. There is never more than one call for a policy at a time.
    /// </summary>
    /// <param name="policy">What to back up.</param>
    /// <param name="resources">Contains the policy's location and Secrets.</param>
    /// <param name="reason">The reason for the backup, for the manifest.</param>
    /// <param name="cancellationToken">
    /// A cancelled backup leaves nothing behind; the worker waits until the call has ended.
    /// </param>
    /// <exception cref="BackupException">The backup failed. The worker logs it.</exception>
    Task BackUpAsync(
        BackupPolicy policy,
        ResourceSet resources,
        BackupReason reason,
        CancellationToken cancellationToken);
}
