using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Runtime;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// Writes the change log of a policy until it is asked to stop. The command, the worker and the pod all use this type.
/// </summary>
/// <remarks>
/// 1. Join the policy with its Secret, as a backup of it does.
/// 2. Open the repository of its location and compare it with the location's pin.
/// 3. Write the log (<see cref="ArchiveRun"/>). The caller makes the snapshots that belong to it, as all others of the
///    policy.
/// </remarks>
/// <param name="parts">The adapters.</param>
/// <param name="pins">The recipients that each location is pinned to.</param>
internal sealed class PolicyArchive(PolicyBackupParts parts, IRecipientPins pins)
{
    /// <param name="policy">The policy, with a change log.</param>
    /// <param name="resources">Contains the policy's location and Secrets.</param>
    /// <param name="makeSnapshot">Makes a snapshot of the policy for the log.</param>
    /// <param name="observer">Receives what happens to the log.</param>
    /// <param name="stopping">Asks to stop. What was read is stored then.</param>
    /// <exception cref="BackupException">
    /// The policy has no change log; its repository cannot be opened; or what was read could not be stored.
    /// </exception>
    public async Task ExecuteAsync(
        BackupPolicy policy,
        ResourceSet resources,
        Func<SnapshotLog, CancellationToken, Task<BackupOutcome>> makeSnapshot,
        IArchiveObserver observer,
        CancellationToken stopping)
    {
        // 1
        BackupPlan plan = BackupPlan.Of(policy, resources, BackupOccasion.Scheduled);
        ArchiveRequest request = new()
        {
            Policy = policy.Name,
            Log = LogOf(policy),
            SnapshotEvery = policy.SnapshotEvery,
            Labels = plan.Request.Labels,
        };

        // 2
        using PolicyRepository opened =
            await PolicyRepository.OpenAsync(parts, pins, policy, resources, stopping);

        // 3
        ArchiveRun run = new(
            opened.Repository, parts.OpenChanges(plan.Etcd!), makeSnapshot, observer, AgentVersion.Text, parts.Time)
        {
            Scratch = parts.Scratch,
        };
        await run.ExecuteAsync(request, stopping);
    }

    /// <summary>Returns how a policy's change log is written.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: the policy has no change log.
    /// </exception>
    public static PolicyChangeLog LogOf(BackupPolicy policy) => policy.ChangeLog ?? throw new BackupException(
        FailureReason.InvalidInput, $"Policy {policy.Name} has no change log.")
    {
        Hint = "Add 'changeLog: {}' to its spec.",
    };
}
