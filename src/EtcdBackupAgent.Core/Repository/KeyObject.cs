using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>
/// <c>keys/NAME.age</c>: a file with age identities, encrypted to a passphrase; <c>age -d</c> opens it
/// (<c>docs/spec/repository.md</c>, "Keys").
/// </summary>
internal static class KeyObject
{
    public const string Root = ObjectRoots.Keys;

    private const string Suffix = ".age";

    /// <summary>Stores identities under a new name.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: the passphrase is not text. The pod of a restore, which receives it in
    /// a variable, could not open the key.
    /// </exception>
    public static async Task<ObjectKey> CreateAsync(
        IObjectStore store,
        IReadOnlyList<AgeIdentity> identities,
        AgePassphrase passphrase,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (!passphrase.IsText)
        {
            throw new BackupException(
                FailureReason.InvalidInput, "The passphrase is not text: it must be UTF-8 without NUL characters.")
            {
                Hint = "To use random bytes, encode them in base64, for example with 'openssl rand -base64 32'.",
            };
        }

        byte[] file = AgeIdentityFile.Format(identities, time.GetUtcNow());
        try
        {
            ObjectKey key;
            using MemoryStream sealedFile = new();
            await using (AgeEncryptionStream encrypted = new(new MemoryStream(file), [passphrase]))
            {
                await encrypted.CopyToAsync(sealedFile, cancellationToken);
            }

            do
            {
                key = new ObjectKey($"{Root}{RandomNumberGenerator.GetHexString(8, lowercase: true)}{Suffix}");
            }
            while (!await store.TryCreateAsync(key, sealedFile.ToArray(), cancellationToken));

            return key;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(file);
        }
    }

    /// <summary>Returns all keys of a repository.</summary>
    public static async Task<IReadOnlyList<StoredObject>> ListAsync(
        IObjectStore store, CancellationToken cancellationToken)
    {
        List<StoredObject> keys = [];
        await foreach (StoredObject found in store.ListAsync(Root, cancellationToken))
        {
            if (found.Key.Value.EndsWith(Suffix, StringComparison.Ordinal))
            {
                keys.Add(found);
            }
        }

        return keys;
    }

    /// <summary>Opens one key with a passphrase.</summary>
    /// <returns>Its identities; null if the key is encrypted to another passphrase.</returns>
    /// <exception cref="BackupException"><see cref="FailureReason.DataDamaged"/>.</exception>
    public static async Task<IReadOnlyList<AgeIdentity>?> TryOpenAsync(
        IObjectStore store, ObjectKey key, AgePassphrase passphrase, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream stored = await store.OpenReadAsync(key, range: null, cancellationToken);
            await using AgeDecryptionStream file = new(stored, [passphrase]);
            return await AgeIdentityFile.ParseAsync(file, cancellationToken);
        }
        catch (AgeException e) when (e.Failure is AgeFailure.WrongPassphrase or AgeFailure.NoMatchingIdentity)
        {
            return null;
        }
        catch (AgeException e)
        {
            throw new BackupException(
                FailureReason.DataDamaged, $"The key {key} in {store.Address} is damaged: {e.Message}", e)
            {
                Hint = "Give the identity itself, or the passphrase of another key if there is one.",
                Settings = [Setting.Identity],
            };
        }
    }
}
