using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Age.Primitives;

/// <summary>
/// The functions of OpenSSL's libcrypto that .NET does not offer (openssl/evp.h, 3.0 and later). .NET's own
/// cryptography on Linux uses the same library. Functions that return an integer return 1 on success.
/// </summary>
internal static unsafe partial class LibCrypto
{
    /// <summary><c>EVP_PKEY_X25519</c>, that is <c>NID_X25519</c>.</summary>
    public const int X25519KeyType = 1034;

    private const string LibraryName = "libcrypto.so.3";

    [LibraryImport(LibraryName, EntryPoint = "EVP_PKEY_new_raw_private_key")]
    public static partial CryptoKey CreatePrivateKey(int type, nint engine, byte* key, nuint keyBytes);

    [LibraryImport(LibraryName, EntryPoint = "EVP_PKEY_new_raw_public_key")]
    public static partial CryptoKey CreatePublicKey(int type, nint engine, byte* key, nuint keyBytes);

    [LibraryImport(LibraryName, EntryPoint = "EVP_PKEY_get_raw_public_key")]
    public static partial int PublicKey(CryptoKey key, byte* publicKey, ref nuint publicKeyBytes);

    [LibraryImport(LibraryName, EntryPoint = "EVP_PKEY_free")]
    public static partial void FreeKey(nint key);

    [LibraryImport(LibraryName, EntryPoint = "EVP_PKEY_CTX_new")]
    public static partial CryptoKeyContext CreateContext(CryptoKey key, nint engine);

    [LibraryImport(LibraryName, EntryPoint = "EVP_PKEY_CTX_free")]
    public static partial void FreeContext(nint context);

    [LibraryImport(LibraryName, EntryPoint = "EVP_PKEY_derive_init")]
    public static partial int BeginDerive(CryptoKeyContext context);

    [LibraryImport(LibraryName, EntryPoint = "EVP_PKEY_derive_set_peer")]
    public static partial int SetPeer(CryptoKeyContext context, CryptoKey peer);

    [LibraryImport(LibraryName, EntryPoint = "EVP_PKEY_derive")]
    public static partial int Derive(CryptoKeyContext context, byte* secret, ref nuint secretBytes);

    [LibraryImport(LibraryName, EntryPoint = "EVP_PBE_scrypt")]
    public static partial int Scrypt(
        byte* passphrase,
        nuint passphraseBytes,
        byte* salt,
        nuint saltBytes,
        ulong cost,
        ulong blockSize,
        ulong parallelism,
        ulong memoryBytesMax,
        byte* key,
        nuint keyBytes);

    /// <summary>Clears the thread's error queue, which .NET's cryptography shares.</summary>
    [LibraryImport(LibraryName, EntryPoint = "ERR_clear_error")]
    public static partial void ClearErrors();
}

/// <summary>Owns an <c>EVP_PKEY</c>; libcrypto wipes a private key when it frees it.</summary>
internal sealed class CryptoKey() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        LibCrypto.FreeKey(handle);
        return true;
    }
}

/// <summary>Owns an <c>EVP_PKEY_CTX</c>.</summary>
internal sealed class CryptoKeyContext() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        LibCrypto.FreeContext(handle);
        return true;
    }
}
