using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Chains;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Locks;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Statements;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>
/// A repository in an object store: its own document, and the snapshots with their manifests. The format is in
/// <c>docs/spec/repository.md</c>; the use cases read and write the artifacts' bytes.
/// </summary>
public sealed class BackupRepository
{
    private readonly DocumentSigning _signing;
    private readonly IReadOnlyList<string> _ignoredDocuments;

    private BackupRepository(
        IObjectStore store,
        RepositoryDocument document,
        IReadOnlyList<string> ignoredDocuments,
        DocumentSigning signing,
        TimeProvider time)
    {
        (Store, Document, _ignoredDocuments, _signing, Time) = (store, document, ignoredDocuments, signing, time);
        Signed = new SignedDocuments(store, signing.Pinned ?? RepositoryDocuments.SignersOf(document), signing.Key);
        Statements = new StatementRecords(store, Signed, document.Id, time);
        Reader = new SnapshotReader(store, Signed, document.Id, time);
    }

    /// <summary>The bucket or directory that holds the repository. The caller owns it.</summary>
    public IObjectStore Store { get; }

    /// <summary>The document as it was when the repository was opened.</summary>
    public RepositoryDocument Document { get; }

    /// <summary>The keys whose signatures count; null in a repository without signers.</summary>
    public TrustedSigners? Signers => Signed.Trusted;

    /// <summary>Signs the documents of the repository, and checks their signatures.</summary>
    internal SignedDocuments Signed { get; }

    /// <summary>The statements about snapshots.</summary>
    internal StatementRecords Statements { get; }

    private SnapshotReader Reader { get; }

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
        RepositoryDocument document = RepositoryJson.Sealed(new RepositoryDocument
        {
            FormatVersion = RepositoryJson.FormatVersion,
            Id = RandomNumberGenerator.GetHexString(32, lowercase: true),
            CreatedAt = time.GetUtcNow(),
            Encryption = encryption,
            Signers = protection.Signers.Count > 0 ? [.. protection.Signers.Select(signer => $"{signer}")] : null,
        }.WithFormatVersion());
        if (!await new RepositoryDocuments(store).TryCreateAsync(document, cancellationToken))
        {
            string left = key is { } mine ? await RemoveUnusedKeyAsync(store, mine, cancellationToken) : "";
            throw new BackupException(
                FailureReason.RepositoryExists, $"A repository already exists at {store.Address}.{left}")
            {
                Hint = "Use this repository, or choose another directory, bucket or prefix. The repository was not "
                    + "changed.",
            };
        }

        return new BackupRepository(store, document, [], DocumentSigning.None, time);
    }

    /// <summary>
    /// Opens the existing repository with this machine's clock, for a use that signs nothing and names no signers.
    /// </summary>
    /// <inheritdoc cref="OpenAsync(IObjectStore, DocumentSigning, TimeProvider, CancellationToken)"/>
    public static Task<BackupRepository> OpenAsync(IObjectStore store, CancellationToken cancellationToken) =>
        OpenAsync(store, DocumentSigning.None, TimeProvider.System, cancellationToken);

    /// <summary>Opens the existing repository, for a use that signs nothing and names no signers.</summary>
    /// <inheritdoc cref="OpenAsync(IObjectStore, DocumentSigning, TimeProvider, CancellationToken)"/>
    public static Task<BackupRepository> OpenAsync(
        IObjectStore store, TimeProvider time, CancellationToken cancellationToken) =>
        OpenAsync(store, DocumentSigning.None, time, cancellationToken);

    /// <summary>Opens the existing repository.</summary>
    /// <param name="store">The store of the repository.</param>
    /// <param name="signing">The key to sign with, and the keys to trust.</param>
    /// <param name="time">The clock that decides whether a snapshot is dated in the future.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.RepositoryNotFound"/>, <see cref="FailureReason.RepositoryUnsupported"/>,
    /// <see cref="FailureReason.DataDamaged"/>, or the store's reason.
    /// </exception>
    public static async Task<BackupRepository> OpenAsync(
        IObjectStore store, DocumentSigning signing, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            (RepositoryDocument document, IReadOnlyList<string> ignored) =
                await new RepositoryDocuments(store).ReadAsync(cancellationToken);
            return new BackupRepository(store, document, ignored, signing, time);
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
    /// Reads the whole repository: one listing each of the snapshots, the restore notes and the statements, and every
    /// manifest with the record of its deep verification, several snapshots at a time.
    /// </summary>
    public async Task<Inventory> TakeInventoryAsync(CancellationToken cancellationToken)
    {
        // 1. one listing, grouped by folder
        Dictionary<SnapshotFolder, IReadOnlyList<StoredObject>> folders =
            await Reader.ListFoldersAsync(cancellationToken);
        ILookup<bool, SnapshotFolder> byManifest =
            folders.Keys.ToLookup(f => SnapshotReader.HasManifest(f, folders[f]));

        // 2. the manifests
        (IReadOnlyList<Snapshot> snapshots, IReadOnlyList<UnreadableSnapshot> unreadable) =
            await Reader.ReadAsync(byManifest[true], folders, cancellationToken);

        // 3. the restore notes
        (IReadOnlyCollection<RestoreNote> notes, IReadOnlyList<BackupException> unreadableNotes) =
            await new RestoreNotes(Store).ReadAsync(cancellationToken);

        // 4. the statements, and the chains
        StatedFacts stated = await Statements.ReadAsync(cancellationToken);
        CheckedChains chains = await new ChainCheck(Store, stated).CheckAsync(snapshots, cancellationToken);

        // 5. all of them, in the order of etcd's history
        return new Inventory
        {
            History = SnapshotHistory.Of(SnapshotBases.Connect(chains.Snapshots), notes),
            Chains = chains.Chains,
            Stated = stated,
            Findings = [.. _ignoredDocuments, .. chains.Findings],
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
        Dictionary<SnapshotFolder, IReadOnlyList<StoredObject>> folders =
            await Reader.ListFoldersAsync(cancellationToken);
        (IReadOnlyList<Snapshot> snapshots, _) = await Reader.ReadAsync(
            folders.Keys.Where(f =>
                f.StartedAt >= from && f.StartedAt <= to && SnapshotReader.HasManifest(f, folders[f])),
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
    public async Task<Snapshot> FindAsync(string idText, CancellationToken cancellationToken)
    {
        Snapshot found = SnapshotChoice.Find(await TakeInventoryAsync(cancellationToken), idText, Store.Address);
        RequireTrusted(found);
        return found;
    }

    /// <summary>Refuses a snapshot whose signature does not count, unless the user allows that.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.ProtectionChanged"/>.</exception>
    internal void RequireTrusted(Snapshot snapshot)
    {
        if (FindDoubt(snapshot) is { } doubt)
        {
            throw doubt;
        }
    }

    /// <summary>Why a snapshot must not be used; null if it may.</summary>
    internal BackupException? FindDoubt(Snapshot snapshot) => snapshot.Signature.Counts || _signing.AllowsUnsigned
        ? null
        : new BackupException(
            FailureReason.ProtectionChanged,
            $"Snapshot {snapshot.Id} in {Store.Address} does not count: {snapshot.Signature.Problem}.")
        {
            Hint = "Anyone who can write to the repository can have made it. If you know that it is yours, allow it.",
            Settings = [Setting.AllowUnsigned],
        };

    /// <summary>
    /// Returns a folder for a snapshot that starts now, with an ID that no other snapshot in the repository has.
    /// </summary>
    internal async Task<SnapshotFolder> NewFolderAsync(DateTimeOffset startedAt, CancellationToken cancellationToken)
    {
        HashSet<SnapshotId> taken =
            [.. (await Reader.ListFoldersAsync(cancellationToken)).Keys.Select(f => f.Id)];
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

    /// <summary>Replaces the recipients for future backups, in one write.</summary>
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
        return await ReplaceAsync(Document with { Encryption = encryption }, _signing, cancellationToken);
    }

    /// <summary>Replaces the signers. Existing snapshots stay as they are.</summary>
    /// <param name="signers">The new signers, at least one.</param>
    /// <param name="key">The key of one of the current signers, if there are any, or of a new one.</param>
    /// <param name="cancellationToken">A cancelled call may or may not have replaced them.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/> without the key of a current signer, or the store's reason.
    /// </exception>
    internal Task<BackupRepository> ReplaceSignersAsync(
        IReadOnlyList<SshPublicKey> signers, SigningKey key, CancellationToken cancellationToken) =>
        ReplaceAsync(
            Document with { Signers = [.. signers.Select(s => $"{s}")] },
            new DocumentSigning { Key = key },
            cancellationToken);

    private async Task<BackupRepository> ReplaceAsync(
        RepositoryDocument next, DocumentSigning signing, CancellationToken cancellationToken) =>
        new(
            Store,
            await new RepositoryDocuments(Store).ReplaceAsync(Document, next, signing.Key, cancellationToken),
            _ignoredDocuments,
            signing,
            Time);

    /// <summary>Whether the manifest of a snapshot and all its artifacts still exist. Costs one listing.</summary>
    internal async Task<bool> IsCompleteAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        List<StoredObject> objects =
            await Store.ListAsync(snapshot.Folder.ToString(), cancellationToken).ToListAsync(cancellationToken);
        return SnapshotReader.HasManifest(snapshot.Folder, objects)
            && SnapshotReader.FindMissing(snapshot.Manifest, objects).Length == 0;
    }

    /// <summary>
    /// Returns the manifest as it will be stored. In a repository with signers the snapshot gets its place in its
    /// chain, and the roster is stored.
    /// </summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    internal async Task<SnapshotManifest> SealAsync(
        SnapshotFolder folder, SnapshotManifest manifest, CancellationToken cancellationToken)
    {
        if (!Signed.AreRequired)
        {
            return RepositoryJson.Sealed(manifest);
        }

        Inventory inventory = await TakeInventoryAsync(cancellationToken);
        NextLink next = NextLink.After(manifest, inventory.Snapshots, inventory.Chains, inventory.Stated);
        using MemoryStream roster = new(next.RosterUtf8);
        await Store.PutAsync(folder.RosterKey, roster, cancellationToken);
        return RepositoryJson.Sealed(manifest with
        {
            RepositoryId = Document.Id,
            Recipients = Document.Encryption.Recipients,
            Chain = next.Link,
        });
    }

    /// <summary>
    /// The commit point of a backup: creates the manifest, after its signature if the repository has signers.
    /// </summary>
    internal async Task CommitAsync(
        SnapshotFolder folder, SnapshotManifest manifest, CancellationToken cancellationToken)
    {
        byte[] utf8 = RepositoryJson.Write(manifest);
        await Signed.SignAsync(folder.ManifestKey, SignatureNamespace.Manifest, utf8, cancellationToken);
        if (!await Store.TryCreateAsync(folder.ManifestKey, utf8, cancellationToken))
        {
            throw new BackupException(
                FailureReason.Unexpected,
                $"{folder.ManifestKey} in {Store.Address} already existed when this backup completed.");
        }
    }

    /// <summary>Stores the record of a deep verification in place of the previous record.</summary>
    internal Task AddVerificationAsync(
        SnapshotFolder folder, VerificationRecord record, CancellationToken cancellationToken) =>
        new VerificationRecords(Store, Signed).AddAsync(folder, record, cancellationToken);

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
}
