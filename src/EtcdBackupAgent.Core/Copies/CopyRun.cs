using System.Runtime.CompilerServices;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;

namespace EtcdBackupAgent.Core.Copies;

/// <summary>Copies snapshots to a second location, as they are stored: no key is needed.</summary>
/// <remarks>
/// <para>
/// 1. Refuse places that contain each other.
/// 2. Choose the snapshots; each base comes before those that stand on it.
/// 3. Make the far end a copy of the repository (<see cref="DocumentCopy"/>).
/// 4. Copy each snapshot (<see cref="SnapshotCopy"/>). One that is damaged, or that no trusted key signed, does not
///    stop the others.
/// </para>
/// <para>
/// Nothing is ever overwritten or removed at the far end, except for objects of snapshots that have no manifest there.
/// A copy that was interrupted is continued by the next one.
/// </para>
/// </remarks>
/// <param name="source">The repository.</param>
/// <param name="target">The far end. The caller owns it.</param>
/// <param name="time">The clock.</param>
public sealed class CopyRun(BackupRepository source, IObjectStore target, TimeProvider time)
{
    /// <summary>Copies one snapshot with its base, or all.</summary>
    /// <param name="idText">A snapshot ID, the start of one, a name, or <c>latest</c>; null for all.</param>
    /// <param name="progress">Receives the progress of each transfer.</param>
    /// <param name="warn">Receives what does not stop the copy.</param>
    /// <param name="cancellationToken">A cancelled copy can be continued.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.SnapshotNotFound"/>, <see cref="FailureReason.SnapshotAmbiguous"/>,
    /// <see cref="FailureReason.RepositoryExists"/>, <see cref="FailureReason.InvalidInput"/>, or a store's reason.
    /// </exception>
    public async IAsyncEnumerable<CopyOutcome> ExecuteAsync(
        string? idText,
        IProgress<TransferProgress> progress,
        Action<string> warn,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // 1. the places
        SeparatePlaces.RequireForCopy(source.Store, target);

        // 2. the snapshots
        Inventory inventory = await source.TakeInventoryAsync(cancellationToken);
        Snapshot[] chosen = idText is null
            ? [.. inventory.Snapshots.OrderBy(snapshot => snapshot.Manifest.IsIncremental)]
            : WithBase(inventory.Find(idText, source.Store.Address));

        // 3. the documents
        ObjectCopy copy = new(source.Store, target, progress);
        await new DocumentCopy(source, target, copy).ExecuteAsync(time, warn, cancellationToken);

        // 4. the snapshots
        HashSet<SnapshotId> failed = [];
        foreach (Snapshot snapshot in chosen)
        {
            CopyOutcome outcome = await CopyAsync(snapshot, copy, failed, cancellationToken);
            if (outcome.Problem is not null)
            {
                failed.Add(snapshot.Id);
            }

            yield return outcome;
        }

        foreach (UnreadableSnapshot unreadable in idText is null ? inventory.Unreadable : [])
        {
            yield return new CopyOutcome { Folder = unreadable.Folder, Problem = unreadable.Problem };
        }
    }

    private static Snapshot[] WithBase(Snapshot snapshot) =>
        snapshot.Base is { } needed ? [needed, snapshot] : [snapshot];

    private async Task<CopyOutcome> CopyAsync(
        Snapshot snapshot, ObjectCopy copy, HashSet<SnapshotId> failed, CancellationToken cancellationToken)
    {
        if (!snapshot.IsComplete || (snapshot.Base is { } needed && failed.Contains(needed.Id)))
        {
            return new CopyOutcome
            {
                Folder = snapshot.Folder,
                Problem = new BackupException(
                    FailureReason.DataDamaged,
                    $"Snapshot {snapshot.Id} was not copied: "
                    + (snapshot.MissingParts ?? $"its base {snapshot.Base!.Id} was not copied") + "."),
            };
        }

        if (source.FindDoubt(snapshot) is { } doubt)
        {
            return new CopyOutcome { Folder = snapshot.Folder, Problem = doubt };
        }

        try
        {
            long bytes = await new SnapshotCopy(source.Store, target, copy).ExecuteAsync(snapshot, cancellationToken);
            return new CopyOutcome { Folder = snapshot.Folder, CopiedBytes = bytes, Existed = bytes == 0 };
        }
        catch (BackupException e) when (e.Reason == FailureReason.DataDamaged)
        {
            return new CopyOutcome { Folder = snapshot.Folder, Problem = e };
        }
    }
}
