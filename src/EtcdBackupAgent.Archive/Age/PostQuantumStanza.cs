using System.Text;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// The file key encrypted to a post-quantum recipient (https://c2sp.org/age, "ML-KEM-768 and X25519 recipient stanza"):
/// one message of HPKE in base mode, with X-Wing and ChaCha20-Poly1305.
/// </summary>
internal static class PostQuantumStanza
{
    public const string Type = "mlkem768x25519";

    private static ReadOnlySpan<byte> Info => "age-encryption.org/mlkem768x25519"u8;

    public static AgeStanza Seal(FileKey fileKey, ReadOnlySpan<byte> recipient, RandomBytes random)
    {
        using SecretBytes shared = new(XWing.SharedBytes);
        byte[] share = new byte[XWing.CiphertextBytes];
        XWing.Encapsulate(recipient, random, share, shared.Span);
        using SecretBytes wrapKey = new(WrappedFileKey.KeyBytes);
        Span<byte> nonce = stackalloc byte[HpkeSchedule.NonceBytes];
        HpkeSchedule.Derive(shared.Span, Info, wrapKey.Span, nonce);
        return new AgeStanza(
            [Type, HeaderBase64.Encode(share)], WrappedFileKey.Seal(wrapKey.Span, nonce, fileKey));
    }

    /// <summary>Decrypts the file key. Returns null if the stanza is addressed to another recipient.</summary>
    /// <exception cref="AgeException">The stanza is malformed.</exception>
    public static FileKey? Open(AgeStanza stanza, ReadOnlySpan<byte> identity, ReadOnlySpan<byte> recipient)
    {
        if (stanza.Arguments.Count != 2
            || HeaderBase64.Decode(Encoding.ASCII.GetBytes(stanza.Arguments[1]))
                is not { Length: XWing.CiphertextBytes } share)
        {
            throw Malformed($"must have one argument, the canonical base64 of {XWing.CiphertextBytes} bytes");
        }

        WrappedFileKey.CheckLength(stanza);
        using SecretBytes shared = new(XWing.SharedBytes);
        if (!XWing.TryDecapsulate(identity, recipient, share, shared.Span))
        {
            throw Malformed("has a share of low order");
        }

        using SecretBytes wrapKey = new(WrappedFileKey.KeyBytes);
        Span<byte> nonce = stackalloc byte[HpkeSchedule.NonceBytes];
        HpkeSchedule.Derive(shared.Span, Info, wrapKey.Span, nonce);
        return WrappedFileKey.Open(wrapKey.Span, nonce, stanza.Body);
    }

    private static AgeException Malformed(string what) =>
        new(AgeFailure.MalformedHeader, $"A stanza of type {Type} in the age header {what}.");
}
