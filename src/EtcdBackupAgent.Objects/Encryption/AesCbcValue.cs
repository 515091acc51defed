using System.Security.Cryptography;

namespace EtcdBackupAgent.Objects.Encryption;

/// <summary>A value of the provider <c>aescbc</c>: IV (16 bytes), then AES-CBC with the padding of PKCS #7.</summary>
internal static class AesCbcValue
{
    private const int BlockBytes = 16;

    /// <summary>Decrypts a body; null if its padding is wrong.</summary>
    public static byte[]? Open(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> body)
    {
        if (body.Length < 2 * BlockBytes || body.Length % BlockBytes != 0)
        {
            return null;
        }

        using Aes aes = Aes.Create();
        aes.SetKey(secret);

        // The format is the API server's. What is decrypted is accepted only if it is an object.
#pragma warning disable CA5401, CA5358
        byte[] padded = aes.DecryptCbc(body[BlockBytes..], body[..BlockBytes], PaddingMode.None);
#pragma warning restore CA5401, CA5358
        int padding = padded[^1];
        return padding is > 0 and <= BlockBytes && padded.AsSpan()[^padding..].IndexOfAnyExcept((byte)padding) < 0
            ? padded[..^padding]
            : null;
    }
}
