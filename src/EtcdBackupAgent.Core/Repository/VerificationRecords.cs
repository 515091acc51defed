using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>The records of deep verifications in a store.</summary>
internal sealed class VerificationRecords(IObjectStore store)
{
    /// <summary>A name with a later time leaves no room for one after it; nobody but a forger makes one.</summary>
    private static readonly DateTimeOffset LastTime = DateTimeOffset.MaxValue.AddDays(-1);

    /// <summary>The newest record that speaks of a manifest, and why newer ones do not count.</summary>
    /// <param name="folder">The snapshot's folder.</param>
    /// <param name="manifest">The manifest as it is now.</param>
    /// <param name="objects">What a listing found in the folder.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public async Task<(VerificationRecord? Record, BackupException? Problem)> FindAsync(
        SnapshotFolder folder,
        SnapshotManifest manifest,
        IReadOnlyList<StoredObject> objects,
        CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(folder, manifest, objects, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
        {
            // A newer one took its place since the listing.
            objects = await store.ListAsync(folder.ToString(), cancellationToken).ToListAsync(cancellationToken);
        }

        try
        {
            return await ReadAsync(folder, manifest, objects, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
        {
            return (null, e);
        }
    }

    /// <summary>Adds a record, and removes those that were there before, if the user may.</summary>
    /// <exception cref="BackupException">With the store's reason, saying what could not be done.</exception>
    public async Task AddAsync(SnapshotFolder folder, VerificationRecord record, CancellationToken cancellationToken)
    {
        byte[] utf8 = RepositoryJson.Write(record);
        DateTimeOffset at = record.CompletedAt;
        ObjectKey[] before;
        try
        {
            before = Keys(folder, await store.ListAsync(folder.ToString(), cancellationToken).ToListAsync(cancellationToken));

            // The latest name counts, so this one is later than those that are there, also than one that a wrong clock
            // made.
            if (before.Length > 0
                && folder.VerificationTime(before[0]) is { } latest && latest >= at && latest < LastTime)
            {
                at = latest.AddSeconds(1);
            }

            while (!await store.TryCreateAsync(folder.VerificationKey(at), utf8, cancellationToken))
            {
                at = at.AddSeconds(1);
            }
        }
        catch (BackupException e)
        {
            throw Failed($"The verification of snapshot {folder.Id} could not be recorded", e);
        }

        try
        {
            await store.DeleteAsync(before, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.StoreDenied)
        {
            // Only the newest record counts. One that may not be deleted goes with its snapshot.
        }
        catch (BackupException e)
        {
            throw Failed($"The verification of snapshot {folder.Id} is recorded, but the record before it could not be removed", e);
        }
    }

    /// <summary>Newest first.</summary>
    private static ObjectKey[] Keys(SnapshotFolder folder, IReadOnlyList<StoredObject> objects) =>
    [
        .. objects.Select(o => o.Key)
            .Where(folder.IsVerification)
            .OrderByDescending(key => key.Value, StringComparer.Ordinal),
    ];

    private static BackupException Failed(string what, BackupException why) =>
        new(why.Reason, $"{what}: {why.Message}", why) { Hint = why.Hint };

    private async Task<(VerificationRecord? Record, BackupException? Problem)> ReadAsync(
        SnapshotFolder folder,
        SnapshotManifest manifest,
        IReadOnlyList<StoredObject> objects,
        CancellationToken cancellationToken)
    {
        BackupException? problem = null;
        foreach (ObjectKey key in Keys(folder, objects))
        {
            string what = $"{key} in {store.Address}";
            try
            {
                byte[] utf8 = await BackupRepository.ReadDocumentAsync(store, key, cancellationToken);
                VerificationRecord record = RepositoryJson.ReadVerification(utf8, what);
                if (record.Id == manifest.Id && record.ManifestSha256 == manifest.DocumentSha256)
                {
                    return (record, problem);
                }

                problem ??= new BackupException(
                    FailureReason.DataDamaged, $"{what} does not count: it is the verification of another manifest.");
            }
            catch (BackupException e)
                when (e.Reason is FailureReason.DataDamaged or FailureReason.RepositoryUnsupported)
            {
                problem ??= e;
            }
        }

        return (null, problem);
    }
}
