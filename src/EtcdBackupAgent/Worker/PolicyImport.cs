using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Imports;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Runtime;

namespace EtcdBackupAgent.Worker;

/// <summary>Imports one snapshot for a policy, into the repository of the policy's location.</summary>
/// <param name="parts">The adapters.</param>
/// <param name="pins">The recipients that each location is pinned to.</param>
internal sealed class PolicyImport(PolicyBackupParts parts, IRecipientPins pins)
{
    /// <param name="policy">The policy that the snapshot belongs to.</param>
    /// <param name="resources">Contains the policy's location and Secrets.</param>
    /// <param name="request">What the user gave; the policy in it is ignored.</param>
    /// <param name="input">What is imported.</param>
    /// <param name="progress">Receives the progress of each transfer.</param>
    /// <param name="cancellationToken">A cancelled import leaves nothing behind.</param>
    public async Task<ImportOutcome> ExecuteAsync(
        BackupPolicy policy,
        ResourceSet resources,
        ImportRequest request,
        ImportInput input,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        using PolicyRepository opened =
            await PolicyRepository.OpenAsync(parts, pins, policy, resources, cancellationToken);
        ImportRun run = new(opened.Repository, AgentVersion.Text, parts.Time) { Scratch = parts.Scratch };
        return await run.ExecuteAsync(
            request with
            {
                Policy = policy.Name,
                Labels = PolicyLabels.Of(policy),
                Ttl = policy.Retention?.Ttl,
            },
            input,
            progress,
            cancellationToken);
    }
}
