using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>The file key encrypted to an X25519 recipient (spec, "X25519 recipient stanza").</summary>
internal static class X25519Stanza
{
    public const string Type = "X25519";

    private static ReadOnlySpan<byte> Info => "age-encryption.org/v1/X25519"u8;

    public static AgeStanza Seal(FileKey fileKey, ReadOnlySpan<byte> recipient, RandomBytes random)
    {
        using SecretBytes ephemeral = new(X25519.Bytes);
        using SecretBytes shared = new(X25519.Bytes);
        using SecretBytes wrapKey = new(WrappedFileKey.KeyBytes);
        Span<byte> share = stackalloc byte[X25519.Bytes];
        random(ephemeral.Span);
        X25519.PublicPoint(ephemeral.Span, share);
        if (!X25519.TryAgree(ephemeral.Span, recipient, shared.Span))
        {
            throw new AgeException(
                AgeFailure.MalformedKey, "The age recipient is a point of low order: anyone could decrypt the file.");
        }

        DeriveWrapKey(shared.Span, share, recipient, wrapKey.Span);
        return new AgeStanza([Type, HeaderBase64.Encode(share)], WrappedFileKey.Seal(wrapKey.Span, fileKey));
    }

    /// <summary>Decrypts the file key. Returns null if the stanza is addressed to another recipient.</summary>
    /// <exception cref="AgeException">The stanza is malformed.</exception>
    public static FileKey? Open(AgeStanza stanza, ReadOnlySpan<byte> identity, ReadOnlySpan<byte> recipient)
    {
        if (stanza.Arguments.Count != 2
            || HeaderBase64.Decode(Encoding.ASCII.GetBytes(stanza.Arguments[1])) is not { Length: X25519.Bytes } share)
        {
            throw Malformed($"must have one argument, the canonical base64 of {X25519.Bytes} bytes");
        }

        WrappedFileKey.CheckLength(stanza);
        using SecretBytes shared = new(X25519.Bytes);
        using SecretBytes wrapKey = new(WrappedFileKey.KeyBytes);
        if (!X25519.TryAgree(identity, share, shared.Span))
        {
            throw Malformed("has a share of low order");
        }

        DeriveWrapKey(shared.Span, share, recipient, wrapKey.Span);
        return WrappedFileKey.Open(wrapKey.Span, stanza.Body);
    }

    private static void DeriveWrapKey(
        ReadOnlySpan<byte> shared, ReadOnlySpan<byte> share, ReadOnlySpan<byte> recipient, Span<byte> wrapKey)
    {
        Span<byte> salt = stackalloc byte[2 * X25519.Bytes];
        share.CopyTo(salt);
        recipient.CopyTo(salt[X25519.Bytes..]);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, wrapKey, salt, Info);
    }

    private static AgeException Malformed(string what) =>
        new(AgeFailure.MalformedHeader, $"A stanza of type {Type} in the age header {what}.");
}
