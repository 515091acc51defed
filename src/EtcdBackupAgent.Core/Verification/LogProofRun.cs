using System.Runtime.CompilerServices;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>
/// Proves change logs against what the live clusters had, and stores the proofs (<c>docs/spec/change-log.md</c>,
/// "Proofs").
/// </summary>
/// <remarks>
/// 1. Find the windows. For each snapshot of a window whose member computed a HashKV, except the first snapshot:
/// 2. Build its database from the snapshot before it and the log, and compare the HashKV.
/// 3. Store the proof if both are equal.
/// </remarks>
/// <param name="repository">The repository.</param>
/// <param name="verify">Verifies a database.</param>
/// <param name="agentVersion">The version of the agent.</param>
/// <param name="time">The clock.</param>
public sealed class LogProofRun(
    BackupRepository repository, DeepVerifyRun verify, string agentVersion, TimeProvider time)
{
    /// <summary>Proves the windows of a policy, or all.</summary>
    /// <param name="policy">The policy; null for all.</param>
    /// <param name="progress">Receives the progress in bytes.</param>
    /// <param name="cancellationToken">A cancelled call stores no proof of the current comparison.</param>
    /// <returns>
    /// One result for each comparison, oldest first. Without <see cref="DeepVerifyOutcome.Proof"/>, nothing is proven
    /// by it: the checks show why.
    /// </returns>
    /// <exception cref="BackupException">As for <see cref="DeepVerifyRun"/>.</exception>
    public async IAsyncEnumerable<DeepVerifyOutcome> ExecuteAsync(
        ResourceName? policy,
        IProgress<TransferProgress> progress,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // 1
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        LogInventory logs = await LogInventory.ReadAsync(repository.Store, cancellationToken);
        foreach (RestoreWindow window in RestoreWindow.Of(inventory, logs))
        {
            if (policy is not null && window.Policy != policy)
            {
                continue;
            }

            Snapshot from = window.Bases[0];
            foreach (Snapshot to in window.Bases.Skip(1))
            {
                if (to.Manifest.Etcd?.HashKv is not { } hash
                    || hash.Revision <= from.Manifest.Revision
                    || hash.Revision > window.Path.Last)
                {
                    continue;
                }

                yield return await ProveAsync(window, from, to, hash, progress, cancellationToken);
                from = to;
            }
        }
    }

    private async Task<DeepVerifyOutcome> ProveAsync(
        RestoreWindow window,
        Snapshot from,
        Snapshot to,
        HashKv hash,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        // 2
        long start = from.Manifest.Revision;
        RestorePoint point = new()
        {
            Snapshot = from,
            Revision = hash.Revision,
            Path = window.Path.From(start).UpTo(hash.Revision),
        };
        DeepVerifyOutcome outcome = await verify.VerifyAsync(point, hash, progress, cancellationToken);
        bool isEqual = outcome.IsSound && outcome.Record!.Checks.Any(
            check => check is { Part: VerifiedPart.HashKv, Result: CheckResult.Passed });
        if (!isEqual)
        {
            return outcome;
        }

        // 3
        LogProof proof = new()
        {
            FormatVersion = RepositoryJson.LogFormatVersion,
            Lineage = window.Path.Lineage.Id,
            FromRevision = start,
            ToRevision = hash.Revision,
            Snapshot = from.Id,
            ProvenBy = to.Id,
            CompletedAt = time.GetUtcNow(),
            AgentVersion = agentVersion,
        };
        try
        {
            // An earlier proof of the same revisions is as good.
            await repository.Store.TryCreateAsync(proof.Key, RepositoryJson.Write(proof), cancellationToken);
            return outcome with { Proof = proof };
        }
        catch (BackupException e)
        {
            return outcome with { Proof = proof, RecordFailure = e };
        }
    }
}
