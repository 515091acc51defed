using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Keys;

/// <summary>The protection of a repository that is created for a location.</summary>
public static class LocationProtection
{
    /// <summary>Returns the encryption and the signers that the location declares.</summary>
    /// <param name="location">The location.</param>
    /// <param name="passphraseOf">Reads the passphrase. The caller disposes it.</param>
    public static RepositoryProtection Of(
        BackupLocation location, Func<PassphraseLocation, AgePassphrase> passphraseOf)
    {
        RepositoryProtection protection = location.Encryption switch
        {
            UnencryptedLocation => new Unprotected(),
            RecipientLocation to => new RecipientProtection([.. to.Recipients.Select(AgeRecipient.Parse)]),
            PassphraseLocation secret => new PassphraseProtection(passphraseOf(secret)),
            _ => throw new InvalidOperationException($"{location.Encryption} is an unknown protection."),
        };
        return protection with { Signers = [.. location.Signers.Select(SshPublicKey.Parse)] };
    }
}
