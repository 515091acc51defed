using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// The key of one file. The keys of the header's MAC and of the payload derive from it (spec, "File key").
/// </summary>
internal sealed class FileKey : IDisposable
{
    public const int SizeBytes = 16;
    public const int MacBytes = HMACSHA256.HashSizeInBytes;
    public const int NonceBytes = 16;

    private readonly SecretBytes _bytes = new(SizeBytes);

    public Span<byte> Bytes => _bytes.Span;

    public static FileKey Generate(RandomBytes random)
    {
        FileKey key = new();
        random(key.Bytes);
        return key;
    }

    /// <summary>
    /// Computes the HMAC-SHA-256 of the header up to and including its <c>---</c> (spec, "Header MAC").
    /// </summary>
    public void HeaderMac(ReadOnlySpan<byte> header, Span<byte> mac)
    {
        using SecretBytes key = new(HMACSHA256.HashSizeInBytes);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Bytes, key.Span, salt: [], "header"u8);
        HMACSHA256.HashData(key.Span, header, mac);
    }

    /// <summary>Creates the cipher of the payload that begins with this nonce (spec, "Payload").</summary>
    public ChunkCipher PayloadCipher(ReadOnlySpan<byte> nonce)
    {
        using SecretBytes key = new(ChunkCipher.KeyBytes);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Bytes, key.Span, nonce, "payload"u8);
        return new ChunkCipher(key.Span);
    }

    public void Dispose() => _bytes.Dispose();
}
