using System.Text;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Signatures;

namespace EtcdBackupAgent.Core.Keys;

/// <summary>What a location says about the signatures of its repository.</summary>
public static class LocationSigning
{
    /// <summary>
    /// Returns the key in the location's Secret, and the signers that the location lists. Both may be absent.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: the Secret's <c>signing_key</c> is not a private key.
    /// </exception>
    public static DocumentSigning Of(BackupLocation location, ResourceSet resources) => new()
    {
        Key = location.Credentials is { } name
            && resources.Secrets.GetValueOrDefault(name) is { } secret
            && secret.Data.TryGetValue(SecretKeys.SigningKey, out byte[]? pem)
                ? ReadKey(pem, $"The key '{SecretKeys.SigningKey}' of Secret {name}")
                : null,
        Pinned = location.Signers.Count > 0 ? TrustedSigners.Of(location.Signers, isPinned: true) : null,
    };

    /// <summary>Reads a private key; <paramref name="what"/> names it in messages.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static SigningKey ReadKey(byte[] pem, string what)
    {
        try
        {
            return SigningKey.FromPem(Encoding.UTF8.GetString(pem));
        }
        catch (SignatureException e)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{what} {e.Message}.", e)
            {
                Hint = "'etcd-backup-agent key new-signer' makes such a key.",
            };
        }
    }
}
