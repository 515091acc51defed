using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// What the worker needs for a policy: the time of its last backup, to make another one, and to write its change log.
/// </summary>
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
    /// <param name="occasion">Why the backup is made, for the manifest.</param>
    /// <param name="cancellationToken">
    /// A cancelled backup leaves nothing behind; the worker waits until the call has ended.
    /// </param>
    /// <exception cref="BackupException">The backup failed. The worker logs it.</exception>
    Task BackUpAsync(
        BackupPolicy policy,
        ResourceSet resources,
        BackupOccasion occasion,
        CancellationToken cancellationToken);

    /// <summary>Makes a snapshot for the change log, as <see cref="BackUpAsync"/> makes one.</summary>
    /// <param name="policy">What to back up.</param>
    /// <param name="resources">Contains the policy's location and Secrets.</param>
    /// <param name="log">The log that is being written.</param>
    /// <param name="cancellationToken">A cancelled backup leaves nothing behind.</param>
    /// <returns>The snapshot. A failed verification or retention is in it, and not thrown.</returns>
    /// <exception cref="BackupException">There is no snapshot.</exception>
    Task<BackupOutcome> MakeSnapshotAsync(
        BackupPolicy policy, ResourceSet resources, SnapshotLog log, CancellationToken cancellationToken);

    /// <summary>Writes the change log until asked to stop.</summary>
    /// <param name="policy">The policy, with a change log.</param>
    /// <param name="resources">Contains the policy's location and Secrets.</param>
    /// <param name="makeSnapshot">Called when the log needs a snapshot.</param>
    /// <param name="observer">Receives what happens to the log.</param>
    /// <param name="stopping">Asks to stop. What was read is stored then.</param>
    /// <exception cref="BackupException">
    /// The repository cannot be opened, or what was read could not be stored.
    /// </exception>
    Task ArchiveAsync(
        BackupPolicy policy,
        ResourceSet resources,
        Func<SnapshotLog, CancellationToken, Task<BackupOutcome>> makeSnapshot,
        IArchiveObserver observer,
        CancellationToken stopping);
}
