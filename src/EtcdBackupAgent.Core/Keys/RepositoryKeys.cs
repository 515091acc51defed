using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Keys;

/// <summary>
/// The keys of an encrypted repository: opened for restores, added and changed by whoever can open one already. Backups need none
/// of this: they encrypt to the public recipients in <c>repository.json</c>.
/// </summary>
public sealed class RepositoryKeys(BackupRepository repository, TimeProvider time)
{
    private IObjectStore Store => repository.Store;

    /// <summary>The keys that lie in the repository, each encrypted to a passphrase.</summary>
    public Task<IReadOnlyList<StoredObject>> ListAsync(CancellationToken cancellationToken) =>
        KeyObject.ListAsync(Store, cancellationToken);

    /// <summary>Opens the key that is encrypted to this passphrase.</summary>
    /// <returns>The identity, for the caller to dispose.</returns>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/> if there is no key, or the passphrase opens none; <see cref="FailureReason.DataDamaged"/>.
    /// </exception>
    public async Task<AgeIdentity> OpenAsync(AgePassphrase passphrase, CancellationToken cancellationToken) =>
        (await FindAsync(passphrase, cancellationToken)).Identity;

    /// <summary>Stores an identity once more, encrypted to a further passphrase.</summary>
    /// <param name="proof">Identities one of which opens what is backed up now: the right to let others in.</param>
    /// <param name="added">The further passphrase.</param>
    /// <param name="cancellationToken">Ends it; the key is then there or not.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.KeyRefused"/>, or what the store says.</exception>
    public async Task<ObjectKey> AddPassphraseAsync(
        IReadOnlyList<AgeIdentity> proof, AgePassphrase added, CancellationToken cancellationToken) =>
        await KeyObject.CreateAsync(Store, RequireFit(proof), added, time, cancellationToken);

    /// <summary>Replaces a passphrase: the new key is stored before the old one is removed.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.KeyRefused"/>, or what the store says.</exception>
    public async Task<ObjectKey> ChangePassphraseAsync(
        AgePassphrase current, AgePassphrase replacement, CancellationToken cancellationToken)
    {
        (ObjectKey old, AgeIdentity identity) = await FindAsync(current, cancellationToken);
        using (identity)
        {
            ObjectKey key = await KeyObject.CreateAsync(Store, identity, replacement, time, cancellationToken);
            await RemoveReplacedAsync(old, cancellationToken);
            return key;
        }
    }

    private async Task RemoveReplacedAsync(ObjectKey old, CancellationToken cancellationToken)
    {
        try
        {
            await Store.DeleteAsync([old], cancellationToken);
        }
        catch (BackupException e)
        {
            throw new BackupException(
                e.Reason,
                $"The new passphrase opens the repository, but so does the old one still: its key {old} could not "
                + $"be removed. {e.Message}",
                e)
            {
                Hint = $"Remove the object {old} with a user who may delete. {e.Hint}".TrimEnd(),
            };
        }
    }

    /// <summary>Encrypts backups from now on to one recipient more. Snapshots of before stay as they are.</summary>
    /// <param name="proof">Identities one of which opens what is backed up now.</param>
    /// <param name="recipient">Whom to add; nothing changes if it is one already.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.KeyRefused"/>, or what the store says.</exception>
    public async Task<BackupRepository> AddRecipientAsync(
        IReadOnlyList<AgeIdentity> proof, AgeRecipient recipient, CancellationToken cancellationToken)
    {
        RequireFit(proof);
        return repository.Recipients.Contains(recipient)
            ? repository
            : await repository.AddRecipientAsync(recipient, cancellationToken);
    }

    /// <summary>
    /// The one of these identities that is a recipient of this repository; the others may still open snapshots of another time.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.KeyRefused"/>.</exception>
    private AgeIdentity RequireFit(IReadOnlyList<AgeIdentity> identities) =>
        identities.FirstOrDefault(i => repository.Recipients.Contains(i.Recipient)) ?? throw new BackupException(
            FailureReason.KeyRefused,
            $"None of the {identities.Count} identities that were given is a recipient of the repository at {Store.Address}; "
            + $"its recipients are {string.Join(", ", repository.Recipients)}.")
        {
            Hint = "Give the identity file of one of these recipients, or the passphrase.",
        };

    private async Task<(ObjectKey Key, AgeIdentity Identity)> FindAsync(
        AgePassphrase passphrase, CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredObject> keys = await ListAsync(cancellationToken);
        (ObjectKey Key, AgeIdentity Identity)? former = null;
        foreach (StoredObject key in keys)
        {
            if (await KeyObject.TryOpenAsync(Store, key.Key, passphrase, cancellationToken) is not { } identity)
            {
                continue;
            }

            if (repository.Recipients.Contains(identity.Recipient))
            {
                former?.Identity.Dispose();
                return (key.Key, identity);
            }

            // It need not be a recipient now: if somebody has tampered with the recipients, the owner still restores.
            former?.Identity.Dispose();
            former = (key.Key, identity);
        }

        if (former is { } opened)
        {
            return opened;
        }

        throw keys.Count == 0
            ? new BackupException(
                FailureReason.KeyRefused, $"There is no key in the repository at {Store.Address} that a passphrase could open.")
            {
                Hint = "It was made with recipients, or its key object is lost: give the identity with --identity-file.",
            }
            : new BackupException(
                FailureReason.KeyRefused,
                $"The passphrase opens none of the {keys.Count} keys of the repository at {Store.Address}.")
            {
                Hint = "Check the passphrase; one line end at its end does not count, all other characters do.",
            };
    }
}
