using System.Security.Cryptography;

namespace EtcdBackupAgent.Archive.Age.Primitives;

/// <summary>
/// ML-KEM-768 of FIPS 203 (https://csrc.nist.gov/pubs/fips/203/final). The private key is its seed, d ‖ z.
/// </summary>
internal interface IMlKem768
{
    /// <summary>The size of a seed.</summary>
    const int SeedBytes = 64;

    /// <summary>The size of an encapsulation key, which is public.</summary>
    const int KeyBytes = 1184;

    /// <summary>The size of a ciphertext.</summary>
    const int CiphertextBytes = 1088;

    /// <summary>The size of a shared secret.</summary>
    const int SharedBytes = 32;

    /// <summary>The implementation that is used: the platform's where it has one, otherwise BouncyCastle's.</summary>
    static IMlKem768 Available { get; } = MLKem.IsSupported ? new PlatformMlKem768() : new BouncyMlKem768();

    /// <summary>Computes the encapsulation key of a seed.</summary>
    void DeriveKey(ReadOnlySpan<byte> seed, Span<byte> key);

    /// <summary>Whether the key passes the modulus check (FIPS 203, section 7.2).</summary>
    bool IsValid(ReadOnlySpan<byte> key);

    /// <summary>Makes a new shared secret, and the ciphertext from which the seed's owner computes it.</summary>
    /// <exception cref="CryptographicException">The key is not valid.</exception>
    void Encapsulate(ReadOnlySpan<byte> key, Span<byte> ciphertext, Span<byte> shared);

    /// <summary>
    /// Computes the shared secret. A ciphertext that was made for another key gives another secret, not an error
    /// (FIPS 203, section 6.3, "implicit rejection").
    /// </summary>
    void Decapsulate(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> ciphertext, Span<byte> shared);
}
