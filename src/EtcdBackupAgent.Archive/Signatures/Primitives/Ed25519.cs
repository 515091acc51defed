using System.Runtime.InteropServices;
using EtcdBackupAgent.Archive.Age.Primitives;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Signatures.Primitives;

/// <summary>Checks signatures of Ed25519 (RFC 8032) with OpenSSL's libcrypto; .NET does not offer it.</summary>
internal static unsafe class Ed25519
{
    public const int PublicKeyBytes = 32;

    private const int SignatureBytes = 64;

    public static bool Verifies(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureBytes)
        {
            return false;
        }

        using DigestContext context = LibCryptoDigests.CreateContext();
        fixed (byte* keyBytes = publicKey, messageBytes = message, signatureBytes = signature)
        {
            using CryptoKey key = LibCrypto.CreatePublicKey(
                LibCryptoDigests.Ed25519KeyType, engine: 0, keyBytes, (nuint)publicKey.Length);
            bool isValid = !key.IsInvalid && !context.IsInvalid
                && LibCryptoDigests.BeginVerify(context, keyContext: 0, digest: 0, engine: 0, key) == 1
                && LibCryptoDigests.Verify(
                    context, signatureBytes, SignatureBytes, messageBytes, (nuint)message.Length) == 1;
            LibCrypto.ClearErrors();
            return isValid;
        }
    }
}

/// <summary>The functions of libcrypto that check signatures (openssl/evp.h, 3.0 and later).</summary>
internal static unsafe partial class LibCryptoDigests
{
    /// <summary><c>EVP_PKEY_ED25519</c>, that is <c>NID_ED25519</c>.</summary>
    public const int Ed25519KeyType = 1087;

    private const string LibraryName = "libcrypto.so.3";

    [LibraryImport(LibraryName, EntryPoint = "EVP_MD_CTX_new")]
    public static partial DigestContext CreateContext();

    [LibraryImport(LibraryName, EntryPoint = "EVP_MD_CTX_free")]
    public static partial void FreeContext(nint context);

    [LibraryImport(LibraryName, EntryPoint = "EVP_DigestVerifyInit")]
    public static partial int BeginVerify(
        DigestContext context, nint keyContext, nint digest, nint engine, CryptoKey key);

    [LibraryImport(LibraryName, EntryPoint = "EVP_DigestVerify")]
    public static partial int Verify(
        DigestContext context, byte* signature, nuint signatureBytes, byte* message, nuint messageBytes);
}

/// <summary>Owns an <c>EVP_MD_CTX</c>.</summary>
internal sealed class DigestContext() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        LibCryptoDigests.FreeContext(handle);
        return true;
    }
}
