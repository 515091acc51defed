using System.Security.Cryptography;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// The body of every stanza type: the file key encrypted with ChaCha20-Poly1305. Each wrap key is used only once; so
/// the nonce is zero, except where HPKE derives it together with the key.
/// </summary>
internal static class WrappedFileKey
{
    public const int KeyBytes = 32;
    public const int SizeBytes = FileKey.SizeBytes + TagBytes;

    private const int TagBytes = 16;
    private const int NonceBytes = 12;

    private static ReadOnlySpan<byte> ZeroNonce => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    public static byte[] Seal(ReadOnlySpan<byte> wrapKey, FileKey fileKey) => Seal(wrapKey, ZeroNonce, fileKey);

    public static byte[] Seal(ReadOnlySpan<byte> wrapKey, ReadOnlySpan<byte> nonce, FileKey fileKey)
    {
        byte[] body = new byte[SizeBytes];
        using ChaCha20Poly1305 cipher = new(wrapKey);
        cipher.Encrypt(
            nonce[..NonceBytes],
            fileKey.Bytes,
            body.AsSpan(0, FileKey.SizeBytes),
            body.AsSpan(FileKey.SizeBytes));
        return body;
    }

    /// <summary>Decrypts the file key. Returns null if the body was sealed under another wrap key.</summary>
    public static FileKey? Open(ReadOnlySpan<byte> wrapKey, ReadOnlySpan<byte> body) =>
        Open(wrapKey, ZeroNonce, body);

    /// <inheritdoc cref="Open(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public static FileKey? Open(ReadOnlySpan<byte> wrapKey, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> body)
    {
        FileKey fileKey = new();
        using ChaCha20Poly1305 cipher = new(wrapKey);
        try
        {
            cipher.Decrypt(
                nonce[..NonceBytes], body[..FileKey.SizeBytes], body[FileKey.SizeBytes..], fileKey.Bytes);
            return fileKey;
        }
        catch (AuthenticationTagMismatchException)
        {
            fileKey.Dispose();
            return null;
        }
    }

    /// <summary>
    /// Checks the length before anything is decrypted, to prevent partitioning oracle attacks (spec, every type).
    /// </summary>
    public static void CheckLength(AgeStanza stanza)
    {
        if (stanza.Body.Length != SizeBytes)
        {
            throw new AgeException(
                AgeFailure.MalformedHeader,
                $"A stanza of type {stanza.Type} in the age header has a body of {stanza.Body.Length} bytes, "
                + $"expected {SizeBytes}.");
        }
    }
}
