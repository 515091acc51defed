using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Worker;

/// <summary>What the worker needs of the repository: what has been backed up, and one more backup.</summary>
public interface IPolicyRunner
{
    /// <summary>
    /// When the newest complete snapshot of this policy in its repository that is not known to be damaged was started; null if there is none,
    /// or no repository yet.
    /// The worker keeps no memory of its own: this is how it knows what it missed.
    /// </summary>
    /// <exception cref="BackupException">The repository cannot be read.</exception>
    Task<DateTimeOffset?> LastBackupAsync(BackupPolicy policy, ResourceSet resources, CancellationToken cancellationToken);

    /// <summary>
    /// Backs up once, verification and retention included. Never called for one policy while a call for it is under way.
    /// </summary>
    /// <param name="policy">What to back up.</param>
    /// <param name="resources">Where the policy's location and Secrets are found.</param>
    /// <param name="reason">Why now, for the manifest.</param>
    /// <param name="cancellationToken">
    /// Asks to give up, leaving nothing behind; the worker waits until the call has ended.
    /// </param>
    /// <exception cref="BackupException">The backup failed. The worker logs it.</exception>
    Task BackUpAsync(BackupPolicy policy, ResourceSet resources, BackupReason reason, CancellationToken cancellationToken);
}
