using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Runtime;

namespace EtcdBackupAgent.Worker;

/// <summary>Makes one backup of a policy. The command, the worker and the pod all use this type.</summary>
/// <remarks>
/// 1. Open the repository of the policy's location and compare it with the location's pin.
/// 2. Join the policy with its Secret.
/// 3. Back up, verify if the policy requests it, and prune (<see cref="BackupRun"/>).
/// </remarks>
/// <param name="parts">The adapters.</param>
/// <param name="pins">The recipients that each location is pinned to.</param>
internal sealed class PolicyBackup(PolicyBackupParts parts, IRecipientPins pins)
{
    /// <param name="policy">What to back up.</param>
    /// <param name="resources">Contains the policy's location and Secrets.</param>
    /// <param name="occasion">Why the backup is made, for the manifest.</param>
    /// <param name="log">The change log that the snapshot is made for; null if it is made for none.</param>
    /// <param name="progress">Receives the progress of each transfer.</param>
    /// <param name="cancellationToken">A cancelled backup leaves nothing behind.</param>
    /// <exception cref="BackupException">No backup was made; the message gives the reason.</exception>
    public async Task<BackupOutcome> ExecuteAsync(
        BackupPolicy policy,
        ResourceSet resources,
        BackupOccasion occasion,
        SnapshotLog? log,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        // 1
        using PolicyRepository opened =
            await PolicyRepository.OpenAsync(parts, pins, policy, resources, cancellationToken);

        // 2
        BackupPlan plan = BackupPlan.Of(policy, resources, occasion);

        // 3
        using OpenedBackupSource source = plan.Objects is { } selected
            ? await parts.OpenObjects(selected, cancellationToken)
            : OpenedBackupSource.Of(parts.OpenEtcd(plan.Etcd!));
        BackupRun run = new(opened.Repository, source.Source, AgentVersion.Text, parts.Time)
        {
            Scratch = parts.Scratch,
            VerifyAfter = plan.Verify == PolicyVerification.Never
                ? null
                : (id, shown, token) => VerifyAsync(opened, resources, id, shown, token),
        };
        return await run.ExecuteAsync(plan.Request with { ChangeLog = log }, progress, cancellationToken);
    }

    /// <summary>Opens the key only now, so that it is not in memory while the backup is made.</summary>
    private async Task<DeepVerifyOutcome> VerifyAsync(
        PolicyRepository opened,
        ResourceSet resources,
        SnapshotId id,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        using OpenedKeys keys = await OpenKeysAsync(opened, resources, cancellationToken);
        DeepVerifyRun run = new(opened.Repository, keys.Identities, Path.GetTempPath(), AgentVersion.Text, parts.Time);

        // The restore point, if there is one, is not verified: the backup has asked the member for it.
        return await run.VerifyAsync(id.Value, progress, cancellationToken).FirstAsync(cancellationToken);
    }

    private async Task<OpenedKeys> OpenKeysAsync(
        PolicyRepository opened, ResourceSet resources, CancellationToken cancellationToken)
    {
        if (opened.Location.Encryption is not PassphraseLocation secret)
        {
            return new OpenedKeys([]);
        }

        using AgePassphrase passphrase = PassphraseText.OfSecret(secret, resources);
        return await new RepositoryKeys(opened.Repository, parts.Time).OpenAsync(passphrase, cancellationToken);
    }
}
