using System.Security.Cryptography;

namespace EtcdBackupAgent.Archive.Age.Primitives;

/// <summary>
/// X-Wing, the combination of ML-KEM-768 and X25519 that HPKE names MLKEM768-X25519, 0x647a
/// (https://datatracker.ietf.org/doc/draft-connolly-cfrg-xwing-kem/). A secret stays unknown as long as one of the two
/// is unbroken.
/// </summary>
/// <remarks>
/// <code>
/// secret      32 bytes; SHAKE256(secret) is the seed of ML-KEM-768 (64 bytes) and the secret of X25519 (32 bytes)
/// public key  encapsulation key (1184 bytes) ‖ X25519 point (32 bytes)
/// ciphertext  ML-KEM-768 ciphertext (1088 bytes) ‖ X25519 share (32 bytes)
/// shared      SHA3-256(ML-KEM secret ‖ X25519 secret ‖ X25519 share ‖ X25519 point ‖ label)
/// </code>
/// </remarks>
internal static class XWing
{
    public const int SecretBytes = 32;
    public const int PublicBytes = IMlKem768.KeyBytes + X25519.Bytes;
    public const int CiphertextBytes = IMlKem768.CiphertextBytes + X25519.Bytes;
    public const int SharedBytes = SHA3_256.HashSizeInBytes;

    private static ReadOnlySpan<byte> Label => [0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c];

    /// <summary>Computes the public key of a secret.</summary>
    public static void PublicKey(ReadOnlySpan<byte> secret, Span<byte> publicKey)
    {
        using SecretBytes expanded = Expand(secret);
        IMlKem768.Available.DeriveKey(SeedOf(expanded), publicKey[..IMlKem768.KeyBytes]);
        X25519.PublicPoint(PointSecretOf(expanded), publicKey[IMlKem768.KeyBytes..]);
    }

    /// <summary>
    /// Whether secrets can be shared with the public key: its ML-KEM part is valid, and its point is not of low order.
    /// </summary>
    public static bool IsValid(ReadOnlySpan<byte> publicKey) =>
        IMlKem768.Available.IsValid(publicKey[..IMlKem768.KeyBytes])
        && X25519.TryAgree(stackalloc byte[X25519.Bytes], PointOf(publicKey), stackalloc byte[X25519.Bytes]);

    /// <summary>Makes a new shared secret, and the ciphertext for the owner of the public key.</summary>
    /// <exception cref="CryptographicException">The public key is not valid.</exception>
    public static void Encapsulate(
        ReadOnlySpan<byte> publicKey, RandomBytes random, Span<byte> ciphertext, Span<byte> shared)
    {
        using SecretBytes fromMlKem = new(IMlKem768.SharedBytes);
        using SecretBytes fromX25519 = new(X25519.Bytes);
        using SecretBytes ephemeral = new(X25519.Bytes);
        Span<byte> share = ciphertext[IMlKem768.CiphertextBytes..];
        IMlKem768.Available.Encapsulate(
            publicKey[..IMlKem768.KeyBytes], ciphertext[..IMlKem768.CiphertextBytes], fromMlKem.Span);
        random(ephemeral.Span);
        X25519.PublicPoint(ephemeral.Span, share);
        if (!X25519.TryAgree(ephemeral.Span, PointOf(publicKey), fromX25519.Span))
        {
            throw new CryptographicException("The X25519 point of the public key is of low order.");
        }

        Combine(fromMlKem.Span, fromX25519.Span, share, PointOf(publicKey), shared);
    }

    /// <summary>Computes the shared secret of a ciphertext.</summary>
    /// <returns>False if the share in the ciphertext is a point of low order.</returns>
    public static bool TryDecapsulate(
        ReadOnlySpan<byte> secret, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> ciphertext, Span<byte> shared)
    {
        using SecretBytes expanded = Expand(secret);
        using SecretBytes fromMlKem = new(IMlKem768.SharedBytes);
        using SecretBytes fromX25519 = new(X25519.Bytes);
        ReadOnlySpan<byte> share = ciphertext[IMlKem768.CiphertextBytes..];
        if (!X25519.TryAgree(PointSecretOf(expanded), share, fromX25519.Span))
        {
            return false;
        }

        IMlKem768.Available.Decapsulate(
            SeedOf(expanded), ciphertext[..IMlKem768.CiphertextBytes], fromMlKem.Span);
        Combine(fromMlKem.Span, fromX25519.Span, share, PointOf(publicKey), shared);
        return true;
    }

    private static SecretBytes Expand(ReadOnlySpan<byte> secret)
    {
        SecretBytes expanded = new(IMlKem768.SeedBytes + X25519.Bytes);
        Shake256.HashData(secret, expanded.Span);
        return expanded;
    }

    private static ReadOnlySpan<byte> SeedOf(SecretBytes expanded) => expanded.Span[..IMlKem768.SeedBytes];

    private static ReadOnlySpan<byte> PointSecretOf(SecretBytes expanded) => expanded.Span[IMlKem768.SeedBytes..];

    private static ReadOnlySpan<byte> PointOf(ReadOnlySpan<byte> publicKey) => publicKey[IMlKem768.KeyBytes..];

    private static void Combine(
        ReadOnlySpan<byte> fromMlKem,
        ReadOnlySpan<byte> fromX25519,
        ReadOnlySpan<byte> share,
        ReadOnlySpan<byte> point,
        Span<byte> shared)
    {
        using SecretBytes parts = new(IMlKem768.SharedBytes + (3 * X25519.Bytes) + Label.Length);
        Span<byte> rest = parts.Span;
        Put(fromMlKem, ref rest);
        Put(fromX25519, ref rest);
        Put(share, ref rest);
        Put(point, ref rest);
        Put(Label, ref rest);
        SHA3_256.HashData(parts.Span, shared);

        static void Put(ReadOnlySpan<byte> part, ref Span<byte> rest)
        {
            part.CopyTo(rest);
            rest = rest[part.Length..];
        }
    }
}
