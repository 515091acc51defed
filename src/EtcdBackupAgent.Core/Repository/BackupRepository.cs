using System.Collections.Concurrent;
using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>
/// A repository in an object store: its own document, and the snapshots by their manifests. The format is
/// <c>docs/spec/repository.md</c>; what happens to the artifacts' bytes is for the use cases.
/// </summary>
public sealed class BackupRepository
{
    /// <summary>Snapshots whose documents are read at the same time when listing.</summary>
    internal const int ManifestReadsInFlightMax = 32;

    private static readonly ObjectKey DocumentKey = new("repository.json");

    private readonly TimeProvider _time;

    private BackupRepository(IObjectStore store, RepositoryDocument document, TimeProvider time)
    {
        Store = store;
        Document = document;
        _time = time;
    }

    public IObjectStore Store { get; }

    public RepositoryDocument Document { get; }

    /// <summary>Whom backups are encrypted to; empty in an unencrypted repository.</summary>
    internal IReadOnlyList<AgeRecipient> Recipients => [.. Document.Encryption.Recipients.Select(AgeRecipient.Parse)];

    /// <summary>Makes the bucket or directory if need be, and a repository in it.</summary>
    /// <remarks>
    /// The key comes before the repository: a crash between them leaves a key that opens nothing, never a repository whose key
    /// nobody has.
    /// </remarks>
    /// <exception cref="BackupException"><see cref="FailureReason.RepositoryExists"/>, or what the store says.</exception>
    public static async Task<BackupRepository> InitAsync(
        IObjectStore store, RepositoryProtection protection, TimeProvider time, CancellationToken cancellationToken)
    {
        await store.EnsureCreatedAsync(cancellationToken);
        using AgeIdentity? made = protection is PassphraseProtection ? AgeIdentity.Generate() : null;
        ObjectKey? key = protection is PassphraseProtection secret
            ? await KeyObject.CreateAsync(store, made!, secret.Passphrase, time, cancellationToken)
            : null;
        RepositoryDocument document = new()
        {
            FormatVersion = RepositoryJson.FormatVersion,
            Id = RandomNumberGenerator.GetHexString(32, lowercase: true),
            CreatedAt = time.GetUtcNow(),
            Encryption = protection switch
            {
                Unprotected => new RepositoryEncryption { Kind = ArtifactEncryption.None, Recipients = [] },
                RecipientProtection to => RepositoryEncryption.To(to.Recipients),
                _ => RepositoryEncryption.To([made!.Recipient]),
            },
        };
        if (!await store.TryCreateAsync(DocumentKey, RepositoryJson.Write(document), cancellationToken))
        {
            string left = key is { } mine ? await RemoveUnusedKeyAsync(store, mine, cancellationToken) : "";
            throw new BackupException(
                FailureReason.RepositoryExists, $"There is a repository at {store.Address} already.{left}")
            {
                Hint = "Use it as it is, or choose another directory, bucket or prefix. The repository was not "
                    + "changed.",
            };
        }

        return new BackupRepository(store, document, time);
    }

    /// <summary>Opens the repository that is there, and goes by this machine's clock.</summary>
    /// <inheritdoc cref="OpenAsync(IObjectStore, TimeProvider, CancellationToken)"/>
    public static Task<BackupRepository> OpenAsync(IObjectStore store, CancellationToken cancellationToken) =>
        OpenAsync(store, TimeProvider.System, cancellationToken);

    /// <summary>Opens the repository that is there.</summary>
    /// <param name="store">Where it is.</param>
    /// <param name="time">The clock by which a snapshot may be dated in the future.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.RepositoryNotFound"/>, <see cref="FailureReason.RepositoryUnsupported"/>,
    /// <see cref="FailureReason.DataDamaged"/>, or what the store says.
    /// </exception>
    public static async Task<BackupRepository> OpenAsync(
        IObjectStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            byte[] utf8 = await ReadDocumentAsync(store, DocumentKey, cancellationToken);
            string what = $"{DocumentKey} in {store.Address}";
            RepositoryDocument document = RepositoryJson.ReadRepository(utf8, what);
            document.Encryption.RequireSense(what);
            return new BackupRepository(store, document, time);
        }
        catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
        {
            throw new BackupException(
                FailureReason.RepositoryNotFound, $"There is no repository at {store.Address}.", e)
            {
                Hint = "Check the name; 'etcd-backup-agent init' makes a new repository.",
            };
        }
    }

    /// <summary>
    /// Reads everything there is: one listing of the snapshots and one of the restore notes, then every manifest and
    /// what a deep
    /// verification said of it, several snapshots at a time.
    /// </summary>
    public async Task<Inventory> TakeInventoryAsync(CancellationToken cancellationToken)
    {
        // 1. one listing, put into folders
        Dictionary<SnapshotFolder, IReadOnlyList<StoredObject>> folders = await ListFoldersAsync(cancellationToken);
        ILookup<bool, SnapshotFolder> byManifest = folders.Keys.ToLookup(f => HasManifest(f, folders[f]));

        // 2. the manifests
        (IReadOnlyList<Snapshot> snapshots, IReadOnlyList<UnreadableSnapshot> unreadable) =
            await ReadSnapshotsAsync(byManifest[true], folders, cancellationToken);

        // 3. the restore notes
        (IReadOnlyCollection<RestoreNote> notes, IReadOnlyList<BackupException> unreadableNotes) =
            await new RestoreNotes(Store).ReadAsync(cancellationToken);

        // 4. what they say, in the order of etcd's history
        return new Inventory
        {
            History = SnapshotHistory.Of(snapshots, notes),
            UnreadableNotes = unreadableNotes,
            Unreadable = unreadable,
            Unreferenced = byManifest[false].ToDictionary(f => f, f => folders[f]),
        };
    }

    /// <summary>
    /// The snapshots that began in a span of time, to the second, oldest first; those whose manifest cannot be read are
    /// left out. Costs a listing and these manifests.
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

    /// <summary>Finds the one snapshot that <paramref name="idText"/> means.</summary>
    /// <param name="idText">A snapshot ID, the beginning of one, or <c>latest</c>.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.SnapshotNotFound"/>, <see cref="FailureReason.SnapshotAmbiguous"/>, or the reason why the manifest
    /// of the one that is meant cannot be read.
    /// </exception>
    public async Task<Snapshot> FindAsync(string idText, CancellationToken cancellationToken) =>
        SnapshotChoice.Find(await TakeInventoryAsync(cancellationToken), idText, Store.Address);

    /// <summary>A folder for a snapshot that begins now, under an id that no other snapshot here has.</summary>
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

    /// <summary>The one change that <c>repository.json</c> ever sees: one recipient more, for backups from now on.</summary>
    internal async Task<BackupRepository> AddRecipientAsync(AgeRecipient recipient, CancellationToken cancellationToken)
    {
        RepositoryDocument document = Document with
        {
            Encryption = Document.Encryption with
            {
                Recipients = [.. Document.Encryption.Recipients, recipient.ToString()],
            },
        };
        using MemoryStream utf8 = new(RepositoryJson.Write(document));
        await Store.PutAsync(DocumentKey, utf8, cancellationToken);
        return new BackupRepository(Store, document, _time);
    }

    /// <summary>The commit point of a backup: creates the manifest.</summary>
    internal async Task CommitAsync(
        SnapshotFolder folder, SnapshotManifest manifest, CancellationToken cancellationToken)
    {
        if (!await Store.TryCreateAsync(folder.ManifestKey, RepositoryJson.Write(manifest), cancellationToken))
        {
            throw new BackupException(
                FailureReason.Unexpected,
                $"{folder.ManifestKey} in {Store.Address} was there before this backup came to its end.");
        }
    }

    /// <summary>Stores what a deep verification found, in the place of the record before it.</summary>
    internal Task AddVerificationAsync(
        SnapshotFolder folder, VerificationRecord record, CancellationToken cancellationToken) =>
        new VerificationRecords(Store).AddAsync(folder, record, cancellationToken);

    /// <summary>Removes a snapshot: the manifest first, so that it never exists without its data, then all else in its folder.</summary>
    internal async Task RemoveAsync(SnapshotFolder folder, CancellationToken cancellationToken)
    {
        await Store.DeleteAsync([folder.ManifestKey], cancellationToken);
        await RemoveUncommittedAsync(folder, cancellationToken);
    }

    /// <summary>Removes what is in a folder that has no manifest. Where nothing is, no right to delete is
    /// needed.</summary>
    internal async Task RemoveUncommittedAsync(SnapshotFolder folder, CancellationToken cancellationToken)
    {
        List<StoredObject> rest = await Store.ListAsync(folder.ToString(), cancellationToken).ToListAsync(cancellationToken);
        if (rest.Count > 0)
        {
            await Store.DeleteAsync([.. rest.Select(o => o.Key)], cancellationToken);
        }
    }

    /// <summary>The bytes of one of the JSON documents.</summary>
    internal static async Task<byte[]> ReadDocumentAsync(
        IObjectStore store, ObjectKey key, CancellationToken cancellationToken)
    {
        await using Stream stream = await store.OpenReadAsync(
            key, new ByteRange(0, RepositoryJson.DocumentBytesMax + 1), cancellationToken);
        using MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, cancellationToken);
        return bytes.Length <= RepositoryJson.DocumentBytesMax
            ? bytes.ToArray()
            : throw new BackupException(
                FailureReason.DataDamaged,
                $"{key} in {store.Address} is damaged: it is larger than {RepositoryJson.DocumentBytesMax} bytes.");
    }

    /// <returns>Nothing, or a sentence on what stays: a key that opens nothing does no harm.</returns>
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

    /// <summary>The snapshots in some of the folders, and those that cannot be read, in the order of time.</summary>
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
                    // Removed by somebody else since the listing: it does not exist.
                }
            });
        return (
            [.. snapshots.Order(Snapshot.ByTime)],
            [.. unreadable.OrderBy(s => s.Folder.ToString(), StringComparer.Ordinal)]);
    }

    /// <summary>Null if it was removed since the listing.</summary>
    private async Task<Snapshot?> ReadSnapshotAsync(
        SnapshotFolder folder, IReadOnlyList<StoredObject> objects, CancellationToken cancellationToken)
    {
        string what = $"{folder.ManifestKey} in {Store.Address}";
        byte[] utf8 = await ReadDocumentAsync(Store, folder.ManifestKey, cancellationToken);
        SnapshotManifest manifest = RepositoryJson.ReadManifest(utf8, what);
        if (manifest.Id != folder.Id)
        {
            throw new BackupException(FailureReason.DataDamaged, $"{what} is damaged: it is the manifest of {manifest.Id}.");
        }

        ArtifactManifest[] lacking = FindLacking(manifest, objects);
        if (lacking.Length > 0)
        {
            // A listing is no moment in time: the backup may have come to its end while it ran, or the snapshot have been removed.
            objects = await Store.ListAsync(folder.ToString(), cancellationToken).ToListAsync(cancellationToken);
            if (!HasManifest(folder, objects))
            {
                return null;
            }

            lacking = FindLacking(manifest, objects);
        }

        (VerificationRecord? verification, BackupException? problem) =
            await new VerificationRecords(Store).FindAsync(folder, manifest, objects, cancellationToken);
        DateTimeOffset now = _time.GetUtcNow();
        return new Snapshot
        {
            Folder = folder,
            Manifest = manifest,
            StoredAt = objects.FirstOrDefault(o => o.Key == folder.ManifestKey)?.ModifiedAt,
            IsFromFuture = ClockTolerance.IsFuture(manifest.StartedAt, now)
                || ClockTolerance.IsFuture(manifest.CompletedAt, now),
            Lacking = lacking,
            Verification = verification,
            VerificationProblem = problem,
        };
    }

    private static ArtifactManifest[] FindLacking(SnapshotManifest manifest, IReadOnlyList<StoredObject> objects) =>
        [.. manifest.Artifacts.Where(a => !objects.Any(o => o.Key == a.Key && o.SizeBytes == a.StoredBytes))];
}
