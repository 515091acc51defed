using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>The records of deep verifications in a store.</summary>
/// <param name="store">The store of the repository.</param>
/// <param name="signed">Signs the records, and checks their signatures.</param>
internal sealed class VerificationRecords(IObjectStore store, SignedDocuments signed)
{
    /// <summary>
    /// The latest time to which a record's name is adjusted. After a later time no further name would fit; only a
    /// forger writes one.
    /// </summary>
    private static readonly DateTimeOffset LastTime = DateTimeOffset.MaxValue.AddDays(-1);

    /// <summary>Returns the newest record for a manifest, and why newer ones do not count.</summary>
    /// <param name="folder">The snapshot's folder.</param>
    /// <param name="manifest">The manifest as it is now.</param>
    /// <param name="objects">The listed objects of the folder.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
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
            // A newer record replaced it after the listing.
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

    /// <summary>Adds a record and removes the previous ones if the user has permission.</summary>
    /// <exception cref="BackupException">
    /// With the store's reason; the message explains what could not be done.
    /// </exception>
    public async Task AddAsync(SnapshotFolder folder, VerificationRecord record, CancellationToken cancellationToken)
    {
        byte[] utf8 = RepositoryJson.Write(record);
        DateTimeOffset at = record.CompletedAt;
        ObjectKey[] previous;
        try
        {
            List<StoredObject> listed =
                await store.ListAsync(folder.ToString(), cancellationToken).ToListAsync(cancellationToken);
            previous = Keys(folder, listed);

            // The record with the latest name counts. So this name must be later than all existing ones, even one that
            // a wrong clock wrote.
            if (previous.Length > 0
                && folder.VerificationTime(previous[0]) is { } latest && latest >= at && latest < LastTime)
            {
                at = latest.AddSeconds(1);
            }

            while (!await signed.TrySignAsync(
                    folder.VerificationKey(at), SignatureNamespace.Verification, utf8, cancellationToken)
                || !await store.TryCreateAsync(folder.VerificationKey(at), utf8, cancellationToken))
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
            await store.DeleteAsync(
                [.. previous.Concat(signed.AreRequired ? previous.Select(SignedDocuments.KeyOf) : [])],
                cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.StoreDenied)
        {
            // Only the newest record counts. One that may not be deleted is removed with its snapshot.
        }
        catch (BackupException e)
        {
            throw Failed(
                $"The verification of snapshot {folder.Id} is recorded, but the previous record could not be removed",
                e);
        }
    }

    /// <summary>Returns the keys of the records, newest first.</summary>
    private static ObjectKey[] Keys(SnapshotFolder folder, IReadOnlyList<StoredObject> objects) =>
    [
        .. objects.Select(o => o.Key)
            .Where(folder.IsVerification)
            .OrderByDescending(key => key.Value, StringComparer.Ordinal),
    ];

    private static BackupException Failed(string what, BackupException why) =>
        why.WithMessage($"{what}: {why.Message}");

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
                byte[] utf8 = (await StoredDocument.ReadAsync(store, key, cancellationToken)).Utf8;
                VerificationRecord record = RepositoryJson.ReadVerification(utf8, what);
                string? doubt = record.Id == manifest.Id && record.ManifestSha256 == manifest.DocumentSha256
                    ? (await signed.CheckAsync(key, SignatureNamespace.Verification, utf8, cancellationToken)).Problem
                    : "it is the verification of another manifest";
                if (doubt is null)
                {
                    return (record, problem);
                }

                problem ??= new BackupException(FailureReason.DataDamaged, $"{what} does not count: {doubt}.");
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
