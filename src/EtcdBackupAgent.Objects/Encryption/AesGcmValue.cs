using System.Security.Cryptography;

namespace EtcdBackupAgent.Objects.Encryption;

/// <summary>
/// A value of the provider <c>aesgcm</c>: nonce (12 bytes), AES-GCM, tag (16 bytes). The key in etcd is authenticated
/// too, so a value cannot be moved to another object.
/// </summary>
internal static class AesGcmValue
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <summary>Decrypts a body; null if secret or key are other ones, or the body is damaged.</summary>
    public static byte[]? Open(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> key, ReadOnlySpan<byte> body)
    {
        if (body.Length < NonceBytes + TagBytes)
        {
            return null;
        }

        byte[] plain = new byte[body.Length - NonceBytes - TagBytes];
        using AesGcm aes = new(secret, TagBytes);
        try
        {
            aes.Decrypt(body[..NonceBytes], body[NonceBytes..^TagBytes], body[^TagBytes..], plain, key);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
