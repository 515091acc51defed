using System.Security.Cryptography;

namespace EtcdBackupAgent.Archive.Age.Primitives;

/// <summary>ML-KEM-768 of .NET, which needs OpenSSL 3.5 or later. libcrypto wipes its keys.</summary>
internal sealed class PlatformMlKem768 : IMlKem768
{
    public void DeriveKey(ReadOnlySpan<byte> seed, Span<byte> key)
    {
        using MLKem pair = MLKem.ImportPrivateSeed(MLKemAlgorithm.MLKem768, seed);
        pair.ExportEncapsulationKey(key);
    }

    public bool IsValid(ReadOnlySpan<byte> key)
    {
        try
        {
            MLKem.ImportEncapsulationKey(MLKemAlgorithm.MLKem768, key).Dispose();
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public void Encapsulate(ReadOnlySpan<byte> key, Span<byte> ciphertext, Span<byte> shared)
    {
        using MLKem publicKey = MLKem.ImportEncapsulationKey(MLKemAlgorithm.MLKem768, key);
        publicKey.Encapsulate(ciphertext, shared);
    }

    public void Decapsulate(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> ciphertext, Span<byte> shared)
    {
        using MLKem pair = MLKem.ImportPrivateSeed(MLKemAlgorithm.MLKem768, seed);
        pair.Decapsulate(ciphertext, shared);
    }
}
