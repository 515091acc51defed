using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace EtcdBackupAgent.Objects.Encryption;

/// <summary>
/// A value of the provider <c>secretbox</c>: nonce (24 bytes), Poly1305 tag (16 bytes), XSalsa20. The first 32 bytes of
/// the key stream are the key of the tag. Source: https://nacl.cr.yp.to/secretbox.html
/// </summary>
internal static class SecretboxValue
{
    private const int NonceBytes = 24;
    private const int TagBytes = 16;
    private const int TagKeyBytes = 32;

    /// <summary>Decrypts a body; null if the secret is another one, or the body is damaged.</summary>
    public static byte[]? Open(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> body)
    {
        if (body.Length < NonceBytes + TagBytes)
        {
            return null;
        }

        XSalsa20Engine cipher = new();
        cipher.Init(forEncryption: false, new ParametersWithIV(new KeyParameter(secret), body[..NonceBytes]));
        byte[] tagKey = new byte[TagKeyBytes];
        cipher.ProcessBytes(tagKey, tagKey);

        ReadOnlySpan<byte> encrypted = body[(NonceBytes + TagBytes)..];
        Poly1305 tag = new();
        tag.Init(new KeyParameter(tagKey));
        tag.BlockUpdate(encrypted);
        byte[] computed = new byte[TagBytes];
        tag.DoFinal(computed);
        if (!CryptographicOperations.FixedTimeEquals(computed, body.Slice(NonceBytes, TagBytes)))
        {
            return null;
        }

        byte[] plain = new byte[encrypted.Length];
        cipher.ProcessBytes(encrypted, plain);
        return plain;
    }
}
