using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Age.Primitives;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Age;

/// <summary>
/// ML-KEM-768 of BouncyCastle, and of the platform where it has one: each by itself, and each against the other.
/// </summary>
public sealed class MlKemTests
{
    private static readonly byte[] Seed = [.. SHA256.HashData("d"u8), .. SHA256.HashData("z"u8)];

    /// <summary>Pairs of the one who encapsulates and the one who decapsulates.</summary>
    public static TheoryData<string, string> Pairs
    {
        get
        {
            string[] names = MLKem.IsSupported ? ["BouncyCastle", "platform"] : ["BouncyCastle"];
            TheoryData<string, string> pairs = [];
            foreach (string one in names)
            {
                foreach (string other in names)
                {
                    pairs.Add(one, other);
                }
            }

            return pairs;
        }
    }

    [Fact]
    public void The_platform_is_preferred_where_it_has_ml_kem() =>
        Assert.IsType(MLKem.IsSupported ? typeof(PlatformMlKem768) : typeof(BouncyMlKem768), IMlKem768.Available);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Both_sides_compute_the_same_secret_and_a_changed_ciphertext_gives_another(string one, string other)
    {
        byte[] key = new byte[IMlKem768.KeyBytes];
        byte[] sameKey = new byte[IMlKem768.KeyBytes];
        byte[] ciphertext = new byte[IMlKem768.CiphertextBytes];
        byte[] made = new byte[IMlKem768.SharedBytes];
        byte[] computed = new byte[IMlKem768.SharedBytes];
        byte[] changed = new byte[IMlKem768.SharedBytes];
        byte[] changedAgain = new byte[IMlKem768.SharedBytes];

        Named(other).DeriveKey(Seed, key);
        Named(one).DeriveKey(Seed, sameKey);
        Named(one).Encapsulate(key, ciphertext, made);
        Named(other).Decapsulate(Seed, ciphertext, computed);
        ciphertext[0] ^= 1;
        Named(other).Decapsulate(Seed, ciphertext, changed);
        Named(one).Decapsulate(Seed, ciphertext, changedAgain);

        Assert.Equal(key, sameKey);
        Assert.Equal(made, computed);
        Assert.NotEqual(new byte[IMlKem768.SharedBytes], made);
        Assert.NotEqual(made, changed);
        Assert.Equal(changed, changedAgain);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_key_that_fails_the_modulus_check_is_not_valid(string one, string other)
    {
        byte[] key = new byte[IMlKem768.KeyBytes];
        Named(other).DeriveKey(Seed, key);
        Assert.True(Named(one).IsValid(key));

        // Twelve bits of 1 are 4095; the modulus is 3329.
        key[0] = 0xFF;
        key[1] |= 0x0F;

        Assert.False(Named(one).IsValid(key));
        Assert.ThrowsAny<CryptographicException>(
            () => Named(one).Encapsulate(key, new byte[IMlKem768.CiphertextBytes], new byte[IMlKem768.SharedBytes]));
    }

    private static IMlKem768 Named(string name) => name == "platform" ? new PlatformMlKem768() : new BouncyMlKem768();
}
