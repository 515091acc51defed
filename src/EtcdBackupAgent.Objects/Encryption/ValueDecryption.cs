using System.Text;
using EtcdBackupAgent.Objects.Decoding;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Encryption;

/// <summary>What became of an encrypted value.</summary>
public enum DecryptionOutcome
{
    /// <summary>The value is not encrypted.</summary>
    Plain,

    Decrypted,

    /// <summary>Only the KMS plugin of the cluster can decrypt it.</summary>
    NeedsKms,

    /// <summary>No configuration was given, or it has no key of the name that the value names.</summary>
    KeyMissing,

    /// <summary>No key of that name decrypts it: the key is another one, or the value is damaged.</summary>
    KeyRefused,
}

/// <summary>The result of decrypting one value.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Value">The plain value; empty if there is none.</param>
/// <param name="Encryption">How the value is encrypted; null for a plain one.</param>
public sealed record Decryption(DecryptionOutcome Outcome, ReadOnlyMemory<byte> Value, EncryptedValue? Encryption);

/// <summary>
/// Decrypts values that an API server encrypted at rest. The value is the name of provider and key, then the encrypted
/// bytes. An error with one key does not end the search, as on the server.
/// </summary>
/// <param name="configuration">The server's configuration; null if there is none.</param>
public sealed class ValueDecryption(EncryptionConfiguration? configuration)
{
    /// <summary>Decrypts a value if it is encrypted.</summary>
    /// <param name="key">The key in etcd, which is authenticated too.</param>
    /// <param name="resource">The resource of the object; null if it is not known.</param>
    /// <param name="value">The stored value.</param>
    public Decryption Decrypt(ReadOnlyMemory<byte> key, GroupResource? resource, ReadOnlyMemory<byte> value)
    {
        if (EncryptedValue.Read(value.Span) is not { } encryption)
        {
            return new Decryption(DecryptionOutcome.Plain, value, null);
        }

        if (encryption.Provider == "kms")
        {
            return new Decryption(DecryptionOutcome.NeedsKms, default, encryption);
        }

        bool isKeyFound = false;
        foreach (EncryptionProvider provider in configuration?.ProvidersOf(resource) ?? [])
        {
            foreach (EncryptionKey candidate in provider.Keys)
            {
                byte[] head = Encoding.UTF8.GetBytes($"k8s:enc:{provider.Name}:v1:{candidate.Name}:");
                if (!value.Span.StartsWith(head))
                {
                    continue;
                }

                isKeyFound = true;
                byte[]? plain = Open(provider.Name, candidate.Secret.Span, key.Span, value.Span[head.Length..]);
                if (plain is not null)
                {
                    return new Decryption(DecryptionOutcome.Decrypted, plain, encryption);
                }
            }
        }

        return new Decryption(
            isKeyFound ? DecryptionOutcome.KeyRefused : DecryptionOutcome.KeyMissing, default, encryption);
    }

    private static byte[]? Open(
        string provider, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> key, ReadOnlySpan<byte> body) => provider switch
        {
            "aescbc" => AesCbcValue.Open(secret, body) is { } plain && IsObject(plain) ? plain : null,
            "aesgcm" => AesGcmValue.Open(secret, key, body),
            "secretbox" => SecretboxValue.Open(secret, body),
            _ => null,
        };

    /// <summary>
    /// True if bytes can be a stored object. AES-CBC proves nothing: a wrong key passes the padding in 71 of 20,000
    /// cases.
    /// </summary>
    private static bool IsObject(byte[] plain) =>
        ObjectDecoder.IsProtobuf(plain) || plain.AsSpan().StartsWith("{"u8) || plain is [0xD9, 0xD9, 0xF7, ..];
}
