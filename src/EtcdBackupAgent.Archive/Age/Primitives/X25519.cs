using System.Security.Cryptography;

namespace EtcdBackupAgent.Archive.Age.Primitives;

/// <summary>The function X25519 of RFC 7748, section 5. Secrets, points and shared secrets have 32 bytes.</summary>
internal static unsafe class X25519
{
    public const int Bytes = 32;

    /// <summary>Computes X25519(secret, base point).</summary>
    public static void PublicPoint(ReadOnlySpan<byte> secret, Span<byte> point)
    {
        using CryptoKey key = PrivateKey(secret);
        nuint bytes = Bytes;
        fixed (byte* target = Exactly(point))
        {
            if (LibCrypto.PublicKey(key, target, ref bytes) != 1 || bytes != Bytes)
            {
                throw Failed("EVP_PKEY_get_raw_public_key");
            }
        }
    }

    /// <summary>Computes X25519(secret, point).</summary>
    /// <returns>
    /// False if the point is of low order: the result would be zero for every secret (RFC 7748, section 6.1).
    /// </returns>
    public static bool TryAgree(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> point, Span<byte> shared)
    {
        using CryptoKey key = PrivateKey(secret);
        using CryptoKey peer = PublicKey(point);
        using CryptoKeyContext context = LibCrypto.CreateContext(key, engine: 0);
        if (context.IsInvalid || LibCrypto.BeginDerive(context) != 1 || LibCrypto.SetPeer(context, peer) != 1)
        {
            throw Failed("EVP_PKEY_derive_set_peer");
        }

        nuint bytes = Bytes;
        fixed (byte* target = Exactly(shared))
        {
            if (LibCrypto.Derive(context, target, ref bytes) != 1)
            {
                // With two valid keys, libcrypto fails for only one reason: a shared secret of zero.
                LibCrypto.ClearErrors();
                return false;
            }
        }

        return bytes == Bytes && !CryptographicOperations.FixedTimeEquals(shared, stackalloc byte[Bytes]);
    }

    private static CryptoKey PrivateKey(ReadOnlySpan<byte> secret)
    {
        fixed (byte* bytes = Exactly(secret))
        {
            CryptoKey key = LibCrypto.CreatePrivateKey(LibCrypto.X25519KeyType, engine: 0, bytes, Bytes);
            return key.IsInvalid ? throw Failed("EVP_PKEY_new_raw_private_key") : key;
        }
    }

    private static CryptoKey PublicKey(ReadOnlySpan<byte> point)
    {
        fixed (byte* bytes = Exactly(point))
        {
            CryptoKey key = LibCrypto.CreatePublicKey(LibCrypto.X25519KeyType, engine: 0, bytes, Bytes);
            return key.IsInvalid ? throw Failed("EVP_PKEY_new_raw_public_key") : key;
        }
    }

    private static Span<byte> Exactly(Span<byte> bytes) => bytes[..Bytes];

    private static ReadOnlySpan<byte> Exactly(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Bytes
            ? bytes
            : throw new ArgumentException($"Expected {Bytes} bytes, got {bytes.Length}.", nameof(bytes));

    private static CryptographicException Failed(string function)
    {
        LibCrypto.ClearErrors();
        return new CryptographicException($"libcrypto failed in {function}.");
    }
}
