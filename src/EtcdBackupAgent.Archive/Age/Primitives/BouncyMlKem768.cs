using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;

namespace EtcdBackupAgent.Archive.Age.Primitives;

/// <summary>
/// ML-KEM-768 of BouncyCastle, for platforms with an older OpenSSL. The library keeps secrets in arrays that are
/// neither pinned nor wiped (decision 11); the arrays that this class receives from it are wiped.
/// </summary>
internal sealed class BouncyMlKem768 : IMlKem768
{
    private static readonly MLKemParameters Parameters = MLKemParameters.ml_kem_768;

    public void DeriveKey(ReadOnlySpan<byte> seed, Span<byte> key) =>
        PrivateKey(seed).GetPublicKeyEncoded().CopyTo(key);

    public bool IsValid(ReadOnlySpan<byte> key)
    {
        try
        {
            PublicKey(key);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public void Encapsulate(ReadOnlySpan<byte> key, Span<byte> ciphertext, Span<byte> shared)
    {
        MLKemEncapsulator encapsulator = new(Parameters);
        encapsulator.Init(PublicKey(key));
        encapsulator.Encapsulate(ciphertext, shared);
    }

    public void Decapsulate(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> ciphertext, Span<byte> shared)
    {
        MLKemDecapsulator decapsulator = new(Parameters);
        decapsulator.Init(PrivateKey(seed));
        decapsulator.Decapsulate(ciphertext, shared);
    }

    private static MLKemPrivateKeyParameters PrivateKey(ReadOnlySpan<byte> seed)
    {
        byte[] copy = seed.ToArray();
        try
        {
            return MLKemPrivateKeyParameters.FromSeed(Parameters, copy);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }

    private static MLKemPublicKeyParameters PublicKey(ReadOnlySpan<byte> key)
    {
        try
        {
            return MLKemPublicKeyParameters.FromEncoding(Parameters, key.ToArray());
        }
        catch (ArgumentException e)
        {
            throw new CryptographicException("The ML-KEM-768 encapsulation key is not valid.", e);
        }
    }
}
