namespace EtcdBackupAgent.Core.Backups;

/// <summary>
/// What is counted and measured of backups, for whoever watches over the agent: told by the worker, which makes
/// backups itself, and by the controller, which sees what became of the backups that pods made.
/// <c>docs/monitoring.md</c> has the metrics.
/// </summary>
/// <remarks>
/// Every call may come from any thread, returns at once and never fails. A <c>policyName</c> is the policy's name
/// alone where the agent serves one namespace. A fact that is told again changes nothing, except that each
/// <see cref="BackupFinished"/> counts one backup: its caller tells each one once.
/// </remarks>
public interface IBackupMetrics
{
    /// <summary>A backup of this policy is under way from now on, until <see cref="BackupFinished"/>.</summary>
    void BackupStarted(string policyName);

    /// <summary>A backup has come to its end. It need not have been told of by <see cref="BackupStarted"/>.</summary>
    void BackupFinished(BackupObservation observation);

    /// <summary>The policy does not exist any more: nothing more is said of it.</summary>
    void PolicyGone(string policyName);

    /// <summary>What the repository of a location holds.</summary>
    /// <param name="location">The name of the BackupLocation.</param>
    /// <param name="snapshots">Snapshots with a readable manifest, of all policies and clusters.</param>
    /// <param name="storedBytes">What their artifacts take.</param>
    /// <param name="fromFuture">How many of the snapshots are dated in the future.</param>
    void RepositorySeen(string location, int snapshots, long storedBytes, int fromFuture);

    /// <summary>The location does not exist any more: nothing more is reported of its repository.</summary>
    void RepositoryGone(string location);

    /// <summary>
    /// What is known of a policy, from its document, its status or its repository. Called again when any of it
    /// changes.
    /// </summary>
    /// <param name="policyName">The policy.</param>
    /// <param name="interval">
    /// The longest time between two backups of its schedule; null if it has none, or is suspended.
    /// </param>
    /// <param name="lastSuccess">
    /// When its newest good backup was completed; null if that is not known, or there is none. A time in the future
    /// says nothing.
    /// </param>
    /// <param name="verifiedAt">
    /// When a snapshot of it was last verified deeply; null if that is not known, or none ever was.
    /// </param>
    /// <param name="verifiedSound">What that found; null together with <paramref name="verifiedAt"/>.</param>
    void PolicySeen(
        string policyName,
        TimeSpan? interval,
        DateTimeOffset? lastSuccess,
        DateTimeOffset? verifiedAt,
        bool? verifiedSound);
}
