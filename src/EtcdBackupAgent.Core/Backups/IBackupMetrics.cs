namespace EtcdBackupAgent.Core.Backups;

/// <summary>
/// Receives the counts and measurements of backups for monitoring. The worker, which makes backups itself, and the
/// controller, which observes the backups that pods make, call it. The metrics are in <c>docs/monitoring.md</c>.
/// </summary>
/// <remarks>
/// Every method may be called on any thread, returns at once and never fails. A <c>policyName</c> is the policy's name
/// without a namespace if the agent serves one namespace. A repeated call with the same facts changes nothing, except
/// <see cref="BackupFinished"/>: each call counts one backup, so its caller reports each backup once.
/// </remarks>
public interface IBackupMetrics
{
    /// <summary>A backup of this policy has started; it ends with <see cref="BackupFinished"/>.</summary>
    void BackupStarted(string policyName);

    /// <summary>A backup has finished. A previous call of <see cref="BackupStarted"/> is not required.</summary>
    void BackupFinished(BackupObservation observation);

    /// <summary>The policy no longer exists: its metrics are removed.</summary>
    void PolicyDeleted(string policyName);

    /// <summary>The content of the repository of a location.</summary>
    /// <param name="location">The name of the BackupLocation.</param>
    /// <param name="snapshots">Snapshots with a readable manifest, of all policies and clusters.</param>
    /// <param name="storedBytes">Total size of their artifacts in the store, in bytes.</param>
    /// <param name="fromFuture">The number of snapshots that are dated in the future.</param>
    /// <param name="lockedUntil">The latest date of a snapshot's lock; null if none is locked.</param>
    void RepositorySeen(
        string location, int snapshots, long storedBytes, int fromFuture, DateTimeOffset? lockedUntil);

    /// <summary>The location no longer exists: the metrics of its repository are removed.</summary>
    void LocationDeleted(string location);

    /// <summary>
    /// The known facts of a policy, from its document, its status or its repository. It is called again when any of
    /// them changes.
    /// </summary>
    /// <param name="policyName">The policy.</param>
    /// <param name="interval">
    /// The longest time between two backups of its schedule, or without one between two snapshots of its change log;
    /// null if it has neither, or is suspended.
    /// </param>
    /// <param name="lastSuccess">
    /// When its newest good backup was completed; null if that is not known, or there is none. A time in the future is
    /// ignored.
    /// </param>
    /// <param name="verifiedAt">
    /// When one of its snapshots was last verified deeply; null if that is not known, or none ever was.
    /// </param>
    /// <param name="verifiedSound">
    /// Whether that verification found no damage; null if <paramref name="verifiedAt"/> is null.
    /// </param>
    void PolicySeen(
        string policyName,
        TimeSpan? interval,
        DateTimeOffset? lastSuccess,
        DateTimeOffset? verifiedAt,
        bool? verifiedSound);
}
