using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Keys;

/// <summary>
/// The keys of an encrypted repository: restores open them, and a user who can open one can add and change keys.
/// Backups do not need them: they encrypt to the public recipients in <c>repository.json</c>.
/// </summary>
public sealed class RepositoryKeys(BackupRepository repository, TimeProvider time)
{
    private IObjectStore Store => repository.Store;

    /// <summary>Lists the keys in the repository, each encrypted to a passphrase.</summary>
    public Task<IReadOnlyList<StoredObject>> ListAsync(CancellationToken cancellationToken) =>
        KeyObject.ListAsync(Store, cancellationToken);

    /// <summary>Opens the key that is encrypted to this passphrase.</summary>
    /// <returns>
    /// Its identities, at least one; the caller disposes them. After the recipients were replaced, the later ones open
    /// earlier snapshots.
    /// </returns>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/> if there is no key, or the passphrase opens none;
    /// <see cref="FailureReason.DataDamaged"/>.
    /// </exception>
    public async Task<OpenedKeys> OpenAsync(AgePassphrase passphrase, CancellationToken cancellationToken) =>
        (await FindAsync(passphrase, cancellationToken)).Opened;

    /// <summary>Stores the repository's identities again, encrypted to an additional passphrase.</summary>
    /// <param name="proof">
    /// The keys; one of their identities must open the current backups. It proves the right to add other keys.
    /// </param>
    /// <param name="added">The additional passphrase.</param>
    /// <param name="cancellationToken">A cancelled call may or may not have stored the key.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.KeyRefused"/>, or the store's reason.</exception>
    public async Task<ObjectKey> AddPassphraseAsync(
        OpenedKeys proof, AgePassphrase added, CancellationToken cancellationToken)
    {
        AgeIdentity current = RequireRecipient(proof.Identities);
        IReadOnlyList<AgeIdentity> stored = proof.AreStored ? proof.Identities : [current];
        return await KeyObject.CreateAsync(Store, stored, added, time, cancellationToken);
    }

    /// <summary>
    /// Replaces a passphrase: the new key is stored before all that the old passphrase opens are removed. There are
    /// several if a replacement of the recipients was interrupted.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/>, <see cref="FailureReason.DataDamaged"/>, or the store's reason.
    /// </exception>
    public async Task<ObjectKey> ChangePassphraseAsync(
        AgePassphrase current, AgePassphrase replacement, CancellationToken cancellationToken)
    {
        (ObjectKey first, OpenedKeys opened) = await FindAsync(current, cancellationToken);
        using (opened)
        {
            (ObjectKey Key, OpenedKeys Opened)[] others = await FindOthersAsync(first, current, cancellationToken);
            try
            {
                AgeIdentity[] identities =
                [
                    .. opened.Identities.Concat(others.SelectMany(other => other.Opened.Identities))
                        .DistinctBy(identity => identity.Recipient),
                ];
                ObjectKey key = await KeyObject.CreateAsync(
                    Store, identities, replacement, time, cancellationToken);
                foreach (ObjectKey old in others.Select(other => other.Key).Prepend(first))
                {
                    await RemoveReplacedAsync(old, cancellationToken);
                }

                return key;
            }
            finally
            {
                Array.ForEach(others, other => other.Opened.Dispose());
            }
        }
    }

    /// <summary>Opens the other key objects that are encrypted to the same passphrase.</summary>
    private async Task<(ObjectKey Key, OpenedKeys Opened)[]> FindOthersAsync(
        ObjectKey first, AgePassphrase passphrase, CancellationToken cancellationToken)
    {
        List<(ObjectKey Key, OpenedKeys Opened)> others = [];
        try
        {
            foreach (StoredObject key in await ListAsync(cancellationToken))
            {
                if (key.Key != first
                    && await KeyObject.TryOpenAsync(Store, key.Key, passphrase, cancellationToken) is { } identities)
                {
                    others.Add((key.Key, new OpenedKeys(identities)));
                }
            }

            return [.. others];
        }
        catch
        {
            others.ForEach(other => other.Opened.Dispose());
            throw;
        }
    }

    /// <summary>Removes a key object after another has replaced it.</summary>
    /// <exception cref="BackupException">The store's reason; the message names the object.</exception>
    internal async Task RemoveReplacedAsync(ObjectKey old, CancellationToken cancellationToken)
    {
        try
        {
            await Store.DeleteAsync([old], cancellationToken);
        }
        catch (BackupException e)
        {
            throw new BackupException(
                e.Reason,
                $"The new key opens the repository, but the old one is still there: {old} could not be removed. "
                + e.Message,
                e)
            {
                Hint = $"Remove the object {old} with a user who may delete. {e.Hint}".TrimEnd(),
                Settings = e.Settings,
            };
        }
    }

    /// <summary>Adds a recipient for future backups. Existing snapshots stay unchanged.</summary>
    /// <param name="proof">Identities; one of them must open the current backups.</param>
    /// <param name="recipient">The recipient to add; nothing changes if the repository already has it.</param>
    /// <param name="cancellationToken">A cancelled call may or may not have added the recipient.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/>; <see cref="FailureReason.InvalidInput"/> if the repository has
    /// recipients of the other kind; or the store's reason.
    /// </exception>
    public async Task<BackupRepository> AddRecipientAsync(
        IReadOnlyList<AgeIdentity> proof, AgeRecipient recipient, CancellationToken cancellationToken)
    {
        RequireRecipient(proof);
        return repository.Recipients.Contains(recipient)
            ? repository
            : await repository.AddRecipientAsync(recipient, cancellationToken);
    }

    /// <summary>
    /// Returns the identity that is a recipient of this repository. The others may open snapshots of another time.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.KeyRefused"/>.</exception>
    internal AgeIdentity RequireRecipient(IReadOnlyList<AgeIdentity> identities) =>
        identities.FirstOrDefault(i => repository.Recipients.Contains(i.Recipient)) ?? throw new BackupException(
            FailureReason.KeyRefused,
            $"None of the {identities.Count} given identities is a recipient of the repository at {Store.Address}; "
            + $"its recipients are {string.Join(", ", repository.Recipients.Select(r => r.Abbreviation))}.")
        {
            Hint = "Give the identity file of one of these recipients, or the passphrase.",
        };

    /// <summary>
    /// Finds the key object that is encrypted to the passphrase, preferably one with an identity of the current
    /// backups.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/>, <see cref="FailureReason.DataDamaged"/>.
    /// </exception>
    internal async Task<(ObjectKey Key, OpenedKeys Opened)> FindAsync(
        AgePassphrase passphrase, CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredObject> keys = await ListAsync(cancellationToken);
        (ObjectKey Key, OpenedKeys Opened)? former = null;
        foreach (StoredObject key in keys)
        {
            if (await KeyObject.TryOpenAsync(Store, key.Key, passphrase, cancellationToken) is not { } identities)
            {
                continue;
            }

            OpenedKeys opens = new(identities) { AreStored = true };
            if (identities.Any(identity => repository.Recipients.Contains(identity.Recipient)))
            {
                former?.Opened.Dispose();
                return (key.Key, opens);
            }

            // None need be a recipient now: if an attacker changed the recipients, the owner can still restore.
            former?.Opened.Dispose();
            former = (key.Key, opens);
        }

        if (former is { } opened)
        {
            return opened;
        }

        throw keys.Count == 0
            ? new BackupException(
                FailureReason.KeyRefused,
                $"The repository at {Store.Address} contains no key that a passphrase could open.")
            {
                Hint = "It was created with recipients, or its key object is lost: give the identity.",
                Settings = [Setting.Identity],
            }
            : new BackupException(
                FailureReason.KeyRefused,
                $"The passphrase opens none of the {keys.Count} keys of the repository at {Store.Address}.")
            {
                Hint = "Check the passphrase. One line end at the end is ignored; every other character counts.",
            };
    }
}
