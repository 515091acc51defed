using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Runtime;

namespace EtcdBackupAgent.Worker;

/// <summary>Makes one backup of a policy. The command, the worker and the pod all use this type.</summary>
/// <remarks>
/// 1. Find the policy's location and open its store.
/// 2. Open the repository and compare it with the location's pin.
/// 3. Join the policy with its Secret.
/// 4. Back up, verify if the policy requests it, and prune (<see cref="BackupRun"/>).
/// </remarks>
/// <param name="parts">The adapters.</param>
/// <param name="pins">The recipients that each location is pinned to.</param>
internal sealed class PolicyBackup(PolicyBackupParts parts, IRecipientPins pins)
{
    /// <param name="policy">What to back up.</param>
    /// <param name="resources">Contains the policy's location and Secrets.</param>
    /// <param name="reason">The reason for the backup, for the manifest.</param>
    /// <param name="progress">Receives the progress of each transfer.</param>
    /// <param name="cancellationToken">A cancelled backup leaves nothing behind.</param>
    /// <exception cref="BackupException">No backup was made; the message gives the reason.</exception>
    public async Task<BackupOutcome> ExecuteAsync(
        BackupPolicy policy,
        ResourceSet resources,
        BackupReason reason,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        // 1
        BackupLocation location = LocationOf(policy, resources);
        using IObjectStore store = parts.OpenStore(location, resources);

        // 2
        BackupRepository repository = await BackupRepository.OpenAsync(store, parts.Time, cancellationToken);
        await new ProtectionCheck(pins, parts.Time).RequireAsync(repository, location, cancellationToken);

        // 3
        BackupPlan plan = BackupPlan.Of(policy, resources, reason);

        // 4
        BackupRun run = new(repository, parts.OpenEtcd(plan.Etcd), AgentVersion.Text, parts.Time)
        {
            Scratch = parts.Scratch,
            VerifyAfter = plan.Verify == PolicyVerification.Never
                ? null
                : (id, shown, token) => VerifyAsync(repository, location, resources, id, shown, token),
        };
        return await run.ExecuteAsync(plan.Request, progress, cancellationToken);
    }

    /// <summary>Returns the location that a policy names.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: the location does not exist.
    /// </exception>
    public static BackupLocation LocationOf(BackupPolicy policy, ResourceSet resources) =>
        resources.Locations.GetValueOrDefault(policy.Destination) ?? throw new BackupException(
            FailureReason.InvalidInput,
            $"Policy {policy.Name} names BackupLocation {policy.Destination}, which does not exist.");

    /// <summary>Opens the key only now, so that it is not in memory while the backup is made.</summary>
    private async Task<DeepVerifyOutcome> VerifyAsync(
        BackupRepository repository,
        BackupLocation location,
        ResourceSet resources,
        SnapshotId id,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        using OpenedKeys keys = await OpenKeysAsync(repository, location, resources, cancellationToken);
        DeepVerifyRun run = new(repository, keys.Identities, Path.GetTempPath(), AgentVersion.Text, parts.Time);
        return await run.VerifyAsync(id.Value, progress, cancellationToken).SingleAsync(cancellationToken);
    }

    private async Task<OpenedKeys> OpenKeysAsync(
        BackupRepository repository,
        BackupLocation location,
        ResourceSet resources,
        CancellationToken cancellationToken)
    {
        if (location.Encryption is not PassphraseLocation secret)
        {
            return new OpenedKeys([]);
        }

        using AgePassphrase passphrase = PassphraseText.OfSecret(secret, resources);
        return new OpenedKeys([
            await new RepositoryKeys(repository, parts.Time).OpenAsync(passphrase, cancellationToken),
        ]);
    }
}
