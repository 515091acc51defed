using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Transfers;

namespace EtcdBackupAgent.Core.Verification;

/// <summary>The result of the verification of one snapshot.</summary>
public sealed record VerifyOutcome
{
    /// <summary>The folder of the snapshot.</summary>
    public required SnapshotFolder Folder { get; init; }

    /// <summary>The manifest; null if it cannot be read.</summary>
    public required SnapshotManifest? Manifest { get; init; }

    /// <summary>All faults that were found; empty if the snapshot is sound.</summary>
    public required IReadOnlyList<BackupException> Problems { get; init; }

    /// <summary>
    /// Artifacts whose content could not be checked, because it is encrypted and no key was given; their stored bytes
    /// are correct.
    /// </summary>
    public IReadOnlyList<ArtifactManifest> NotOpened { get; init; } = [];

    /// <summary>Whether no check failed.</summary>
    public bool IsSound => Problems.Count == 0;
}

/// <summary>
/// Reads every byte of a snapshot as a restore does, and writes nothing. It checks stored sizes and digests,
/// decompression, plain sizes and digests, the SHA-256 that etcd appended to the database, and every entry of the
/// certificates' tar.
/// </summary>
/// <remarks>
/// 1. Find the snapshots.
/// 2. Read each artifact of each snapshot. Damage is noted, then the next artifact is read.
/// Without a key the content of an encrypted artifact cannot be checked: only its stored size and digest are, and the
/// outcome reports this. A store that does not respond proves nothing about the data: it stops the run with its own
/// error.
/// </remarks>
public sealed class VerifyRun(BackupRepository repository, IReadOnlyList<AgeIdentity> identities)
{
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
        return await VerifyAsync(inventory, folder, progress, cancellationToken);
    }

    /// <summary>Verifies every snapshot, oldest first.</summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public async IAsyncEnumerable<VerifyOutcome> VerifyAllAsync(
        IProgress<TransferProgress> progress,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        foreach (SnapshotFolder folder in inventory.Folders)
        {
            yield return await VerifyAsync(inventory, folder, progress, cancellationToken);
        }
    }

    private async Task<VerifyOutcome> VerifyAsync(
        Inventory inventory,
        SnapshotFolder folder,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        if (inventory.Unreadable.FirstOrDefault(s => s.Folder == folder) is { } unreadable)
        {
            return new VerifyOutcome { Folder = folder, Manifest = null, Problems = [unreadable.Problem] };
        }

        Snapshot snapshot = inventory.Snapshots.Single(s => s.Folder == folder);
        SnapshotManifest manifest = snapshot.Manifest;
        ArtifactReader reader = new(repository.Store, identities, progress);
        List<BackupException> problems = [];
        List<ArtifactManifest> notOpened = [];
        if (snapshot.BaseProblem is { } lost)
        {
            problems.Add(new BackupException(
                FailureReason.DataDamaged, $"Snapshot {snapshot.Id} cannot be read: {lost}."));
        }

        // A snapshot is as sound as its base.
        IEnumerable<ArtifactManifest> ofBase = snapshot.Base?.Manifest.Database is { } database ? [database] : [];
        foreach (ArtifactManifest artifact in manifest.Artifacts.Concat(ofBase))
        {
            try
            {
                if (reader.CanOpen(artifact))
                {
                    await reader.ReadAsync(
                        artifact,
                        plain => CheckContentAsync(artifact.Kind, plain, cancellationToken),
                        cancellationToken);
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

        return new VerifyOutcome { Folder = folder, Manifest = manifest, Problems = problems, NotOpened = notOpened };
    }

    private static Task CheckContentAsync(ArtifactKind kind, Stream plain, CancellationToken cancellationToken) =>
        kind switch
        {
            ArtifactKind.Etcd or ArtifactKind.EtcdChanges => plain.CopyToAsync(Stream.Null, cancellationToken),
            ArtifactKind.Certs => TarInspector.ReadAllAsync(plain, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "An unknown kind of artifact."),
        };
}
