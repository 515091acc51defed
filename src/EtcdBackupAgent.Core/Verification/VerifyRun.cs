using System.Runtime.CompilerServices;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Transfers;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>
/// Reads every byte of a snapshot as a restore does. It checks stored sizes and digests, decompression, plain sizes and
/// digests, the SHA-256 that etcd appended to the database, every entry of the certificates' tar, and whether changes
/// belong to their base.
/// </summary>
/// <remarks>
/// <para>
/// 1. Find the snapshots.
/// 2. If some of them stand on the same base, read its database once, into a sealed scratch file.
/// 3. Read each artifact of each snapshot, and merge changes with their base. Damage is noted, then the next artifact
/// is read.
/// </para>
/// <para>
/// Without a key the content of an encrypted artifact cannot be checked: only its stored size and digest are. Without
/// scratch space changes are not merged. The outcome reports both. A store that does not respond proves nothing about
/// the data: it stops the run with its own error.
/// </para>
/// </remarks>
public sealed class VerifyRun(BackupRepository repository, IReadOnlyList<AgeIdentity> identities)
{
    /// <summary>The place for the sealed database of one base at a time.</summary>
    public ScratchSpace Scratch { get; init; } = ScratchSpace.None;

    /// <summary>Verifies one snapshot.</summary>
    /// <param name="idText">A snapshot ID, the start of one, or <c>latest</c>.</param>
    /// <param name="progress">Receives the progress in bytes.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.SnapshotNotFound"/>, <see cref="FailureReason.SnapshotAmbiguous"/>, or the store's
    /// reason.
    /// </exception>
    public async Task<VerifyOutcome> VerifyAsync(
        string idText, IProgress<TransferProgress> progress, CancellationToken cancellationToken)
    {
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        SnapshotFolder folder = SnapshotChoice.FindFolder(inventory, idText, repository.Store.Address);
        return await VerifyAsync(inventory, [folder], progress, cancellationToken).SingleAsync(cancellationToken);
    }

    /// <summary>Verifies every snapshot, oldest first.</summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public async IAsyncEnumerable<VerifyOutcome> VerifyAllAsync(
        IProgress<TransferProgress> progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        await foreach (VerifyOutcome outcome in VerifyAsync(
            inventory, [.. inventory.Folders], progress, cancellationToken))
        {
            yield return outcome;
        }
    }

    private async IAsyncEnumerable<VerifyOutcome> VerifyAsync(
        Inventory inventory,
        IReadOnlyList<SnapshotFolder> folders,
        IProgress<TransferProgress> progress,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SeparatePlaces.RequireForScratch(repository.Store, Scratch.IsNamed ? Scratch.Directory : null);
        ArtifactReader reader = new(repository.Store, identities, progress);
        Snapshot[] wanted = [.. inventory.Snapshots.Where(snapshot => folders.Contains(snapshot.Folder))];
        Dictionary<SnapshotFolder, VerifyOutcome> outcomes = inventory.Unreadable.ToDictionary(
            snapshot => snapshot.Folder,
            snapshot => new VerifyOutcome
            {
                Folder = snapshot.Folder,
                Manifest = null,
                Problems = [snapshot.Problem],
            });
        foreach (SnapshotFolder folder in folders)
        {
            if (!outcomes.ContainsKey(folder))
            {
                Snapshot snapshot = wanted.Single(s => s.Folder == folder);
                await foreach (VerifyOutcome outcome in VerifyGroupAsync(
                    reader, snapshot.Base ?? snapshot, wanted, cancellationToken))
                {
                    outcomes.Add(outcome.Folder, outcome);
                }
            }

            yield return outcomes[folder];
        }
    }

    /// <summary>Verifies a full snapshot and all that stand on it, as far as they are wanted.</summary>
    private async IAsyncEnumerable<VerifyOutcome> VerifyGroupAsync(
        ArtifactReader reader,
        Snapshot full,
        IReadOnlyList<Snapshot> wanted,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // 2. the base
        bool isBase = wanted.Any(snapshot => snapshot.Base?.Folder == full.Folder);
        using VerifiedBase? read = isBase && full.Manifest.Database is { } database
            ? await VerifiedBase.ReadAsync(reader, database, Scratch, cancellationToken)
            : null;

        // 3. the snapshots
        foreach (Snapshot snapshot in wanted.Where(s => (s.Base ?? s).Folder == full.Folder))
        {
            yield return await VerifyAsync(reader, snapshot, read, cancellationToken);
        }
    }

    private async Task<VerifyOutcome> VerifyAsync(
        ArtifactReader reader, Snapshot snapshot, VerifiedBase? read, CancellationToken cancellationToken)
    {
        List<BackupException> problems = [];
        List<ArtifactManifest> notOpened = [];
        if (repository.FindDoubt(snapshot) is { } doubt)
        {
            problems.Add(doubt);
        }

        if (snapshot.BaseProblem is { } lost)
        {
            problems.Add(new BackupException(
                FailureReason.DataDamaged, $"Snapshot {snapshot.Id} cannot be read: {lost}."));
        }

        foreach (ArtifactManifest artifact in snapshot.Manifest.Artifacts.Where(a => a != read?.Artifact))
        {
            try
            {
                if (reader.CanOpen(artifact))
                {
                    problems.AddRange(await CheckContentAsync(reader, snapshot, artifact, read, cancellationToken));
                }
                else
                {
                    await reader.ReadStoredAsync(artifact, cancellationToken);
                    notOpened.Add(artifact);
                }
            }
            catch (BackupException e) when (e.Reason == FailureReason.DataDamaged)
            {
                problems.Add(e);
            }
        }

        // A snapshot is as sound as its base.
        if (read is not null)
        {
            problems.AddRange(read.Problem is { } problem ? [problem] : []);
            notOpened.AddRange(read is { IsOpened: false, Problem: null } ? [read.Artifact] : []);
        }

        return new VerifyOutcome
        {
            Folder = snapshot.Folder,
            Manifest = snapshot.Manifest,
            Problems = problems,
            NotOpened = notOpened,
            NotMergedReason = NotMergedReason(reader, snapshot, read),
        };
    }

    /// <summary>Reads the content of an artifact to its end.</summary>
    /// <returns>Why changes do not belong to their base. Other damage is thrown, and has priority.</returns>
    private static async Task<IEnumerable<BackupException>> CheckContentAsync(
        ArtifactReader reader,
        Snapshot snapshot,
        ArtifactManifest artifact,
        VerifiedBase? read,
        CancellationToken cancellationToken)
    {
        BackupException? mismatch = null;
        await reader.ReadAsync(
            artifact,
            async plain =>
            {
                switch (artifact.Kind)
                {
                    case ArtifactKind.Certs:
                        await TarInspector.ReadAllAsync(plain, cancellationToken);
                        break;
                    case ArtifactKind.EtcdChanges when read is not null:
                        mismatch = await read.FindMismatchAsync(snapshot, plain, cancellationToken);
                        break;
                }
            },
            cancellationToken);
        return mismatch is null ? [] : [mismatch];
    }

    private static string? NotMergedReason(ArtifactReader reader, Snapshot snapshot, VerifiedBase? read) =>
        snapshot.Manifest.Base is null ? null
            : read is null ? snapshot.BaseProblem
            : read.NotMergedReason
                ?? (reader.CanOpen(snapshot.Manifest.Database!) ? null : VerifyOutcome.NoKey);
}
