using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Statements;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>
/// States, before snapshots of a repository with signers are removed, that they will be. Otherwise a reader would
/// report them as missing. In a repository without signers it does nothing.
/// </summary>
internal sealed class Retirement(BackupRepository repository, string agentVersion)
{
    /// <summary>Refuses to remove snapshots without a key that can sign the statement.</summary>
    /// <exception cref="Failures.BackupException"><see cref="Failures.FailureReason.KeyRefused"/>.</exception>
    public void RequireKey() => repository.Signed.RequireKey("remove snapshots");

    /// <summary>States that snapshots are about to be removed.</summary>
    /// <exception cref="Failures.BackupException">
    /// <see cref="Failures.FailureReason.KeyRefused"/>, or the store's reason.
    /// </exception>
    public async Task StateAsync(
        IEnumerable<Snapshot> removed, string? reason, CancellationToken cancellationToken)
    {
        StatedSnapshot[] chained =
        [
            .. removed.Where(s => s.Manifest.Chain is not null).Select(s => StatedSnapshot.Of(s.Manifest)),
        ];
        if (repository.Signed.AreRequired && chained.Length > 0)
        {
            await repository.Statements.AddAsync(
                StatementKind.Retired, chained, new StatementWords(agentVersion, Reason: reason), cancellationToken);
        }
    }

    /// <summary>
    /// Removes the statements that say nothing any more: about snapshots that do not exist, and that no roster that
    /// counts contains.
    /// </summary>
    /// <exception cref="Failures.BackupException">With the store's reason.</exception>
    public async Task RemoveUselessAsync(Inventory inventory, CancellationToken cancellationToken)
    {
        HashSet<SnapshotId> mentioned =
        [
            .. inventory.Folders.Select(folder => folder.Id),
            .. inventory.Chains.SelectMany(chain => chain.Standing).Select(entry => entry.Id),
        ];
        ObjectKey[] useless =
        [
            .. inventory.Stated.Statements
                .Where(named => !named.Statement.Snapshots.Any(
                    s => mentioned.Contains(s.Id) || IsHighest(s, inventory)))
                .Select(named => named.Key),
        ];
        if (useless.Length > 0)
        {
            await repository.Statements.RemoveAsync(useless, cancellationToken);
        }
    }

    /// <summary>
    /// Whether only the statement knows how far a chain went, because its newest snapshots were removed.
    /// </summary>
    private static bool IsHighest(StatedSnapshot snapshot, Inventory inventory) =>
        snapshot.Number is { } number
        && number >= (inventory.Chains.SingleOrDefault(chain => chain.Id == snapshot.Chain)?.Number ?? int.MaxValue);
}
