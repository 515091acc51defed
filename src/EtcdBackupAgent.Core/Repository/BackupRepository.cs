using System.Collections.Concurrent;
using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Locks;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>
/// A repository in an object store: its own document, and the snapshots with their manifests. The format is in
/// <c>docs/spec/repository.md</c>; the use cases read and write the artifacts' bytes.
/// </summary>
public sealed class BackupRepository
{
    /// <summary>The number of snapshots whose documents are read at the same time when listing.</summary>
    internal const int ManifestReadsInFlightMax = 32;

    private static readonly ObjectKey DocumentKey = new("repository.json");

    private BackupRepository(IObjectStore store, RepositoryDocument document, TimeProvider time)
    {
        Store = store;
        Document = document;
        Time = time;
    }

    /// <summary>The bucket or directory that holds the repository. The caller owns it.</summary>
    public IObjectStore Store { get; }

    /// <summary>The document as it was when the repository was opened.</summary>
    public RepositoryDocument Document { get; }

    /// <summary>The clock that decides what is in the future, and which locks are over.</summary>
    internal TimeProvider Time { get; }

    /// <summary>The recipients that backups are encrypted to; empty in an unencrypted repository.</summary>
    internal IReadOnlyList<AgeRecipient> Recipients => [.. Document.Encryption.Recipients.Select(AgeRecipient.Parse)];

    /// <summary>Creates the bucket or directory if necessary, and a repository in it.</summary>
    /// <remarks>
    /// The key is stored before the repository: a crash between them leaves a key that opens nothing, never a
    /// repository without a key.
    /// </remarks>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.RepositoryExists"/>, <see cref="FailureReason.InvalidInput"/> if the recipients are of
    /// several kinds, or the store's reason.
    /// </exception>
    public static async Task<BackupRepository> InitAsync(
        IObjectStore store, RepositoryProtection protection, TimeProvider time, CancellationToken cancellationToken)
    {
        await store.EnsureCreatedAsync(cancellationToken);
        using AgeIdentity? made = protection switch
        {
            PassphraseProtection { PostQuantum: true } => AgeIdentity.GeneratePostQuantum(),
            PassphraseProtection => AgeIdentity.Generate(),
            _ => null,
        };
        RepositoryEncryption encryption = protection switch
        {
            Unprotected => new RepositoryEncryption { Kind = ArtifactEncryption.None, Recipients = [] },
            RecipientProtection to => RepositoryEncryption.To(to.Recipients),
            _ => RepositoryEncryption.To([made!.Recipient]),
        };
        ObjectKey? key = protection is PassphraseProtection secret
            ? await KeyObject.CreateAsync(store, [made!], secret.Passphrase, time, cancellationToken)
            : null;
        RepositoryDocument document = new()
        {
            FormatVersion = encryption.FormatVersion,
            Id = RandomNumberGenerator.GetHexString(32, lowercase: true),
            CreatedAt = time.GetUtcNow(),
            Encryption = encryption,
        };
        if (!await store.TryCreateAsync(DocumentKey, RepositoryJson.Write(document), cancellationToken))
        {
            string left = key is { } mine ? await RemoveUnusedKeyAsync(store, mine, cancellationToken) : "";
            throw new BackupException(
                FailureReason.RepositoryExists, $"A repository already exists at {store.Address}.{left}")
            {
                Hint = "Use this repository, or choose another directory, bucket or prefix. The repository was not "
                    + "changed.",
            };
        }

        return new BackupRepository(store, document, time);
    }

    /// <summary>Opens the existing repository and uses this machine's clock.</summary>
    /// <inheritdoc cref="OpenAsync(IObjectStore, TimeProvider, CancellationToken)"/>
    public static Task<BackupRepository> OpenAsync(IObjectStore store, CancellationToken cancellationToken) =>
        OpenAsync(store, TimeProvider.System, cancellationToken);

    /// <summary>Opens the existing repository.</summary>
    /// <param name="store">The store of the repository.</param>
    /// <param name="time">The clock that decides whether a snapshot is dated in the future.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.RepositoryNotFound"/>, <see cref="FailureReason.RepositoryUnsupported"/>,
    /// <see cref="FailureReason.DataDamaged"/>, or the store's reason.
    /// </exception>
    public static async Task<BackupRepository> OpenAsync(
        IObjectStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            byte[] utf8 = await ReadDocumentAsync(store, DocumentKey, cancellationToken);
            string what = $"{DocumentKey} in {store.Address}";
            RepositoryDocument document = RepositoryJson.ReadRepository(utf8, what);
            document.Encryption.Validate(what);
            return new BackupRepository(store, document, time);
        }
        catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
        {
            throw new BackupException(
                FailureReason.RepositoryNotFound, $"There is no repository at {store.Address}.", e)
            {
                Hint = "Check the name; 'etcd-backup-agent init' creates a new repository.",
            };
        }
    }

    /// <summary>
    /// Reads the whole repository: one listing of the snapshots and one of the restore notes, then every manifest and
    /// the record of its deep verification, several snapshots at a time.
    /// </summary>
    public async Task<Inventory> TakeInventoryAsync(CancellationToken cancellationToken)
    {
        // 1. one listing, grouped by folder
        Dictionary<SnapshotFolder, IReadOnlyList<StoredObject>> folders = await ListFoldersAsync(cancellationToken);
        ILookup<bool, SnapshotFolder> byManifest = folders.Keys.ToLookup(f => HasManifest(f, folders[f]));

        // 2. the manifests
        (IReadOnlyList<Snapshot> snapshots, IReadOnlyList<UnreadableSnapshot> unreadable) =
            await ReadSnapshotsAsync(byManifest[true], folders, cancellationToken);

        // 3. the restore notes
        (IReadOnlyCollection<RestoreNote> notes, IReadOnlyList<BackupException> unreadableNotes) =
            await new RestoreNotes(Store).ReadAsync(cancellationToken);

        // 4. all of them, in the order of etcd's history
        return new Inventory
        {
            History = SnapshotHistory.Of(SnapshotBases.Connect(snapshots), notes),
            UnreadableNotes = unreadableNotes,
            Unreadable = unreadable,
            Unreferenced = byManifest[false].ToDictionary(f => f, f => folders[f]),
        };
    }

    /// <summary>
    /// Returns the snapshots that started in a time span, to the second, oldest first, without those whose manifest
    /// cannot be read. Costs one listing and the reads of these manifests.
    /// </summary>
    internal async Task<IReadOnlyList<Snapshot>> FindStartedAsync(
        DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        Dictionary<SnapshotFolder, IReadOnlyList<StoredObject>> folders = await ListFoldersAsync(cancellationToken);
        (IReadOnlyList<Snapshot> snapshots, _) = await ReadSnapshotsAsync(
            folders.Keys.Where(f => f.StartedAt >= from && f.StartedAt <= to && HasManifest(f, folders[f])),
            folders,
            cancellationToken);
        return snapshots;
    }

    /// <summary>Finds the one snapshot that <paramref name="idText"/> identifies.</summary>
    /// <param name="idText">A snapshot ID, the start of one, or <c>latest</c>.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.SnapshotNotFound"/>, <see cref="FailureReason.SnapshotAmbiguous"/>, or the reason why
    /// the manifest of this snapshot cannot be read.
    /// </exception>
    public async Task<Snapshot> FindAsync(string idText, CancellationToken cancellationToken) =>
        SnapshotChoice.Find(await TakeInventoryAsync(cancellationToken), idText, Store.Address);

    /// <summary>
    /// Returns a folder for a snapshot that starts now, with an ID that no other snapshot in the repository has.
    /// </summary>
    internal async Task<SnapshotFolder> NewFolderAsync(DateTimeOffset startedAt, CancellationToken cancellationToken)
    {
        HashSet<SnapshotId> taken = [.. (await ListFoldersAsync(cancellationToken)).Keys.Select(f => f.Id)];
        SnapshotId id;
        do
        {
            id = SnapshotId.New();
        }
        while (taken.Contains(id));

        return new SnapshotFolder(startedAt, id);
    }

    /// <summary>Adds a recipient for future backups.</summary>
    internal Task<BackupRepository> AddRecipientAsync(AgeRecipient recipient, CancellationToken cancellationToken) =>
        ReplaceRecipientsAsync([.. Recipients, recipient], cancellationToken);

    /// <summary>
    /// Replaces the recipients for future backups, in one write: the only change that <c>repository.json</c> ever gets.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> if the recipients are of several kinds, or the store's reason.
    /// </exception>
    internal async Task<BackupRepository> ReplaceRecipientsAsync(
        IReadOnlyList<AgeRecipient> recipients, CancellationToken cancellationToken)
    {
        RepositoryEncryption encryption = RepositoryEncryption.To(recipients) with
        {
            UnknownFields = Document.Encryption.UnknownFields,
        };
        RepositoryDocument document = Document with
        {
            FormatVersion = encryption.FormatVersion,
            Encryption = encryption,
        };
        using MemoryStream utf8 = new(RepositoryJson.Write(document));
        await Store.PutAsync(DocumentKey, utf8, cancellationToken);
        return new BackupRepository(Store, document, Time);
    }

    /// <summary>Whether the manifest of a snapshot and all its artifacts still exist. Costs one listing.</summary>
    internal async Task<bool> IsCompleteAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        List<StoredObject> objects =
            await Store.ListAsync(snapshot.Folder.ToString(), cancellationToken).ToListAsync(cancellationToken);
        return HasManifest(snapshot.Folder, objects) && FindMissing(snapshot.Manifest, objects).Length == 0;
    }

    /// <summary>The commit point of a backup: creates the manifest.</summary>
    internal async Task CommitAsync(
        SnapshotFolder folder, SnapshotManifest manifest, CancellationToken cancellationToken)
    {
        if (!await Store.TryCreateAsync(folder.ManifestKey, RepositoryJson.Write(manifest), cancellationToken))
        {
            throw new BackupException(
                FailureReason.Unexpected,
                $"{folder.ManifestKey} in {Store.Address} already existed when this backup completed.");
        }
    }

    /// <summary>Stores the record of a deep verification in place of the previous record.</summary>
    internal Task AddVerificationAsync(
        SnapshotFolder folder, VerificationRecord record, CancellationToken cancellationToken) =>
        new VerificationRecords(Store).AddAsync(folder, record, cancellationToken);

    /// <summary>
    /// Removes a snapshot: first the manifest, so that it never exists without its data, then everything else in its
    /// folder.
    /// </summary>
    internal async Task RemoveAsync(SnapshotFolder folder, CancellationToken cancellationToken)
    {
        await Store.DeleteAsync([folder.ManifestKey], cancellationToken);
        await RemoveUncommittedAsync(folder, cancellationToken);
    }

    /// <summary>
    /// Removes the content of a folder that has no manifest. An empty folder needs no permission to delete.
    /// </summary>
    internal async Task RemoveUncommittedAsync(SnapshotFolder folder, CancellationToken cancellationToken)
    {
        if (Store is LockedObjectStore locked
            && await locked.TryRemoveAllAsync(folder.ToString(), cancellationToken))
        {
            return;
        }

        List<StoredObject> rest =
            await Store.ListAsync(folder.ToString(), cancellationToken).ToListAsync(cancellationToken);
        if (rest.Count > 0)
        {
            await Store.DeleteAsync([.. rest.Select(o => o.Key)], cancellationToken);
        }
    }

    /// <summary>Reads the bytes of one of the JSON documents.</summary>
    internal static async Task<byte[]> ReadDocumentAsync(
        IObjectStore store, ObjectKey key, CancellationToken cancellationToken) =>
        (await StoredDocument.ReadAsync(store, key, cancellationToken)).Utf8;

    /// <returns>An empty string, or a sentence if the key remains: a key that opens nothing does no harm.</returns>
    private static async Task<string> RemoveUnusedKeyAsync(
        IObjectStore store, ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            await store.DeleteAsync([key], cancellationToken);
            return "";
        }
        catch (BackupException e)
        {
            return $" The key {key}, which opens nothing, could not be removed: {e.Message}";
        }
    }

    private static bool HasManifest(SnapshotFolder folder, IReadOnlyList<StoredObject> objects) =>
        objects.Any(o => o.Key == folder.ManifestKey);

    private async Task<Dictionary<SnapshotFolder, IReadOnlyList<StoredObject>>> ListFoldersAsync(
        CancellationToken cancellationToken)
    {
        Dictionary<SnapshotFolder, IReadOnlyList<StoredObject>> folders = [];
        await foreach (StoredObject found in Store.ListAsync(SnapshotFolder.Root, cancellationToken))
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
    private async Task<(IReadOnlyList<Snapshot> Snapshots, IReadOnlyList<UnreadableSnapshot> Unreadable)>
        ReadSnapshotsAsync(
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
        string what = $"{folder.ManifestKey} in {Store.Address}";
        StoredDocument stored = await StoredDocument.ReadAsync(Store, folder.ManifestKey, cancellationToken);
        SnapshotManifest manifest = RepositoryJson.ReadManifest(stored.Utf8, what);
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
            objects = await Store.ListAsync(folder.ToString(), cancellationToken).ToListAsync(cancellationToken);
            if (!HasManifest(folder, objects))
            {
                return null;
            }

            missing = FindMissing(manifest, objects);
        }

        (VerificationRecord? verification, BackupException? problem) =
            await new VerificationRecords(Store).FindAsync(folder, manifest, objects, cancellationToken);
        DateTimeOffset now = Time.GetUtcNow();
        return new Snapshot
        {
            Folder = folder,
            Manifest = manifest,
            Lock = stored.Lock,
            StoredAt = objects.FirstOrDefault(o => o.Key == folder.ManifestKey)?.ModifiedAt,
            IsFromFuture = ClockTolerance.IsFuture(manifest.StartedAt, now)
                || ClockTolerance.IsFuture(manifest.CompletedAt, now),
            Missing = missing,
            Verification = verification,
            VerificationProblem = problem,
        };
    }

    private static ArtifactManifest[] FindMissing(SnapshotManifest manifest, IReadOnlyList<StoredObject> objects) =>
        [.. manifest.Artifacts.Where(a => !objects.Any(o => o.Key == a.Key && o.SizeBytes == a.StoredBytes))];
}
