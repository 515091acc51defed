using System.Collections.Concurrent;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>Reads the documents in the folders of snapshots, several at a time.</summary>
/// <param name="store">The store of the repository.</param>
/// <param name="signed">Checks the signatures.</param>
/// <param name="repositoryId">The repository that signed manifests must be made for.</param>
/// <param name="time">The clock that decides whether a snapshot is dated in the future.</param>
internal sealed class SnapshotReader(
    IObjectStore store, SignedDocuments signed, string repositoryId, TimeProvider time)
{
    /// <summary>The number of snapshots whose documents are read at the same time when listing.</summary>
    internal const int ManifestReadsInFlightMax = 32;

    public static bool HasManifest(SnapshotFolder folder, IReadOnlyList<StoredObject> objects) =>
        objects.Any(o => o.Key == folder.ManifestKey);

    public static ArtifactManifest[] FindMissing(SnapshotManifest manifest, IReadOnlyList<StoredObject> objects) =>
        [.. manifest.Artifacts.Where(a => !objects.Any(o => o.Key == a.Key && o.SizeBytes == a.StoredBytes))];

    /// <summary>Lists the objects of all snapshots by folder, also of those without a manifest.</summary>
    public async Task<Dictionary<SnapshotFolder, IReadOnlyList<StoredObject>>> ListFoldersAsync(
        CancellationToken cancellationToken)
    {
        Dictionary<SnapshotFolder, IReadOnlyList<StoredObject>> folders = [];
        await foreach (StoredObject found in store.ListAsync(SnapshotFolder.Root, cancellationToken))
        {
            if (!SnapshotFolder.TryFind(found.Key, out SnapshotFolder folder))
            {
                continue;
            }

            if (!folders.TryGetValue(folder, out IReadOnlyList<StoredObject>? objects))
            {
                folders.Add(folder, objects = new List<StoredObject>());
            }

            ((List<StoredObject>)objects).Add(found);
        }

        return folders;
    }

    /// <summary>Reads the snapshots in some of the folders, and those that cannot be read, ordered by time.</summary>
    public async Task<(IReadOnlyList<Snapshot> Snapshots, IReadOnlyList<UnreadableSnapshot> Unreadable)>
        ReadAsync(
            IEnumerable<SnapshotFolder> wanted,
            Dictionary<SnapshotFolder, IReadOnlyList<StoredObject>> folders,
            CancellationToken cancellationToken)
    {
        ConcurrentBag<Snapshot> snapshots = [];
        ConcurrentBag<UnreadableSnapshot> unreadable = [];
        await Parallel.ForEachAsync(
            wanted,
            new ParallelOptions
            {
                MaxDegreeOfParallelism = ManifestReadsInFlightMax,
                CancellationToken = cancellationToken,
            },
            async (folder, token) =>
            {
                try
                {
                    if (await ReadSnapshotAsync(folder, folders[folder], token) is { } snapshot)
                    {
                        snapshots.Add(snapshot);
                    }
                }
                catch (BackupException e)
                    when (e.Reason is FailureReason.DataDamaged or FailureReason.RepositoryUnsupported)
                {
                    unreadable.Add(new UnreadableSnapshot { Folder = folder, Problem = e });
                }
                catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
                {
                    // Another process removed it after the listing: it does not exist.
                }
            });
        return (
            [.. snapshots.Order(Snapshot.ByTime)],
            [.. unreadable.OrderBy(s => s.Folder.ToString(), StringComparer.Ordinal)]);
    }

    /// <summary>Reads a snapshot; null if it was removed after the listing.</summary>
    private async Task<Snapshot?> ReadSnapshotAsync(
        SnapshotFolder folder, IReadOnlyList<StoredObject> objects, CancellationToken cancellationToken)
    {
        string what = $"{folder.ManifestKey} in {store.Address}";
        StoredDocument stored = await StoredDocument.ReadAsync(store, folder.ManifestKey, cancellationToken);
        byte[] utf8 = stored.Utf8;
        SnapshotManifest manifest = RepositoryJson.ReadManifest(utf8, what);
        if (manifest.Id != folder.Id)
        {
            throw new BackupException(
                FailureReason.DataDamaged, $"{what} is damaged: it is the manifest of {manifest.Id}.");
        }

        ArtifactManifest[] missing = FindMissing(manifest, objects);
        if (missing.Length > 0)
        {
            // A listing is not a moment in time: the backup may have completed while it ran, or the snapshot may have
            // been removed.
            objects = await store.ListAsync(folder.ToString(), cancellationToken).ToListAsync(cancellationToken);
            if (!HasManifest(folder, objects))
            {
                return null;
            }

            missing = FindMissing(manifest, objects);
        }

        DocumentSignature signature = await CheckAsync(folder, manifest, utf8, cancellationToken);
        (VerificationRecord? verification, BackupException? problem) =
            await new VerificationRecords(store, signed).FindAsync(folder, manifest, objects, cancellationToken);
        DateTimeOffset now = time.GetUtcNow();
        return new Snapshot
        {
            Folder = folder,
            Manifest = manifest,
            Lock = stored.Lock,
            StoredAt = objects.FirstOrDefault(o => o.Key == folder.ManifestKey)?.ModifiedAt,
            IsFromFuture = ClockTolerance.IsFuture(manifest.StartedAt, now)
                || ClockTolerance.IsFuture(manifest.CompletedAt, now),
            Missing = missing,
            Signature = signature,
            Verification = verification,
            VerificationProblem = problem,
        };
    }

    private async Task<DocumentSignature> CheckAsync(
        SnapshotFolder folder, SnapshotManifest manifest, byte[] utf8, CancellationToken cancellationToken)
    {
        DocumentSignature signature = await signed.CheckAsync(
            folder.ManifestKey, SignatureNamespace.Manifest, utf8, cancellationToken);
        return signature.State == SignatureState.Valid && manifest.RepositoryId != repositoryId
            ? DocumentSignature.Invalid($"it was made for repository {manifest.RepositoryId ?? "without a name"}")
            : signature;
    }
}
