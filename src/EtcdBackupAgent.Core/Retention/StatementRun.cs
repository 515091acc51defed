using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Statements;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>States what a user says about snapshots.</summary>
/// <remarks>
/// 1. Refuse without the key of a signer, if the repository has signers.
/// 2. Find the snapshots.
/// 3. Write the statement.
/// </remarks>
public sealed class StatementRun(BackupRepository repository)
{
    /// <summary>States something about given snapshots.</summary>
    /// <param name="kind">Held, excluded or released.</param>
    /// <param name="idTexts">Snapshot IDs, the starts of them, names, or <c>latest</c>.</param>
    /// <param name="words">Who says it, and why.</param>
    /// <param name="cancellationToken">A cancelled call may or may not have written the statement.</param>
    /// <exception cref="Failures.BackupException">
    /// <see cref="Failures.FailureReason.KeyRefused"/>, <see cref="Failures.FailureReason.SnapshotNotFound"/>,
    /// <see cref="Failures.FailureReason.SnapshotAmbiguous"/>, or the store's reason.
    /// </exception>
    public async Task<Statement> StateAsync(
        StatementKind kind,
        IReadOnlyList<string> idTexts,
        StatementWords words,
        CancellationToken cancellationToken)
    {
        // 1
        repository.Signed.RequireKey("make a statement about snapshots");

        // 2
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        StatedSnapshot[] snapshots =
        [
            .. idTexts.Select(text => inventory.Find(text, repository.Store.Address))
                .Select(snapshot => StatedSnapshot.Of(snapshot.Manifest))
                .Distinct(),
        ];

        // 3
        return await repository.Statements.AddAsync(kind, snapshots, words, cancellationToken);
    }

    /// <summary>Accepts that snapshots are missing; returns null if none is.</summary>
    /// <exception cref="Failures.BackupException">
    /// <see cref="Failures.FailureReason.KeyRefused"/>, or the store's reason.
    /// </exception>
    public async Task<Statement?> AcceptMissingAsync(StatementWords words, CancellationToken cancellationToken)
    {
        // 1
        repository.Signed.RequireKey("accept what is missing");

        // 2
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        StatedSnapshot[] missing =
        [
            .. inventory.Chains.SelectMany(chain => chain.Missing.Select(entry => new StatedSnapshot
            {
                Id = entry.Id,
                ManifestSha256 = entry.ManifestSha256,
                Chain = chain.Id,
                Number = entry.Number,
            })),
        ];

        // 3
        return missing.Length == 0
            ? null
            : await repository.Statements.AddAsync(StatementKind.Accepted, missing, words, cancellationToken);
    }
}
