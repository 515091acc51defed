using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// Seals and opens the chunks of a payload in order (spec, "Payload"): ChaCha20-Poly1305 with a nonce that consists of
/// an 11-byte big-endian counter and a byte that is 1 for the last chunk.
/// </summary>
internal sealed class ChunkCipher(ReadOnlySpan<byte> key) : IDisposable
{
    public const int KeyBytes = 32;
    public const int PlainBytes = 64 * 1024;
    public const int TagBytes = 16;
    public const int SealedBytes = PlainBytes + TagBytes;

    private const int NonceBytes = 12;

    private readonly ChaCha20Poly1305 _cipher = new(key);

    /// <summary>
    /// The number of the next chunk, from 0. The upper 3 bytes of the format's counter stay 0 for 10^24 bytes.
    /// </summary>
    public ulong Counter { get; private set; }

    /// <summary>Encrypts the next chunk.</summary>
    /// <returns>The number of bytes written: the chunk and its tag.</returns>
    public int Seal(ReadOnlySpan<byte> plain, Span<byte> target, bool last)
    {
        _cipher.Encrypt(
            Nonce(stackalloc byte[NonceBytes], last),
            plain,
            target[..plain.Length],
            target.Slice(plain.Length, TagBytes));
        Counter++;
        return plain.Length + TagBytes;
    }

    /// <summary>Decrypts the next chunk.</summary>
    /// <param name="chunk">The chunk and its tag.</param>
    /// <param name="plain">The target, at least as long as the chunk.</param>
    /// <param name="last">Whether this is the last chunk.</param>
    /// <returns>False if this is not the chunk that was sealed at this place; then nothing was decrypted.</returns>
    public bool TryOpen(ReadOnlySpan<byte> chunk, Span<byte> plain, bool last)
    {
        int bytes = chunk.Length - TagBytes;
        try
        {
            _cipher.Decrypt(Nonce(stackalloc byte[NonceBytes], last), chunk[..bytes], chunk[bytes..], plain[..bytes]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        Counter++;
        return true;
    }

    public void Dispose() => _cipher.Dispose();

    private Span<byte> Nonce(Span<byte> nonce, bool last)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[3..], Counter);
        nonce[^1] = last ? (byte)1 : (byte)0;
        return nonce;
    }
}
