using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Age.Primitives;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Age;

/// <summary>
/// The parts of an age file, written from the specification and not with the code under test, so that each part can be
/// made invalid. All values that are random in a real file are fixed here.
/// </summary>
internal static class AgeVectorContent
{
    public const int Chunk = 64 * 1024;
    public const string V1 = "age-encryption.org/v1\n";

    public static byte[] FileKey { get; } = Fixed("file key", 16);

    public static byte[] Nonce { get; } = Fixed("nonce", 16);

    public static byte[] Ephemeral { get; } = Fixed("ephemeral secret", 32);

    public static byte[] Salt { get; } = Fixed("salt", 16);

    public static AgeIdentity Identity { get; } = AgeIdentity.Generate(bytes => Fixed("identity", 32).CopyTo(bytes));

    public static byte[] Plain(int bytes) => [.. Enumerable.Range(0, bytes).Select(i => (byte)(i * 31 % 251))];

    public static byte[] Fixed(string name, int bytes) => SHA256.HashData(Encoding.ASCII.GetBytes(name))[..bytes];

    public static string Base64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    public static byte[] Ascii(string text) => Encoding.Latin1.GetBytes(text);

    public static byte[] PublicPoint(byte[] secret)
    {
        byte[] point = new byte[32];
        X25519.PublicPoint(secret, point);
        return point;
    }

    public static byte[] WrapForX25519(byte[] recipient)
    {
        byte[] shared = new byte[32];
        Assert.True(X25519.TryAgree(Ephemeral, recipient, shared));
        byte[] key = HKDF.DeriveKey(
            HashAlgorithmName.SHA256,
            shared,
            32,
            [.. PublicPoint(Ephemeral), .. recipient],
            Ascii("age-encryption.org/v1/X25519"));
        return Seal(key, new byte[12], FileKey);
    }

    public static byte[] WrapForPassphrase(string passphrase, int workFactor)
    {
        byte[] key = new byte[32];
        byte[] salt = [.. Ascii("age-encryption.org/v1/scrypt"), .. Salt];
        Assert.True(Scrypt.TryDeriveKey(Encoding.UTF8.GetBytes(passphrase), salt, workFactor, key));
        return Seal(key, new byte[12], FileKey);
    }

    /// <summary>A stanza to the vectors' identity, optionally with other arguments or another body.</summary>
    public static string ToIdentity(string? arguments = null, string? body = null) =>
        $"-> {arguments ?? $"X25519 {Base64(PublicPoint(Ephemeral))}"}\n"
        + $"{body ?? Base64(WrapForX25519(Identity.Recipient.PublicKey.ToArray()))}\n";

    /// <summary>
    /// A stanza to the vectors' passphrase with a low work factor, optionally with other arguments or another body.
    /// </summary>
    public static string ToPassphrase(string? arguments = null, string? body = null) =>
        $"-> {arguments ?? $"scrypt {Base64(Salt)} 4"}\n{body ?? Base64(WrapForPassphrase(AgeVector.Passphrase, 4))}\n";

    public static byte[] Header(params string[] stanzas) => Signed(V1 + string.Concat(stanzas));

    /// <summary>A header of any content with the correct MAC.</summary>
    public static byte[] Signed(string beforeMac, string end = "\n") =>
        Ascii($"{beforeMac}--- {Base64(Mac(beforeMac))}{end}");

    public static byte[] Mac(string beforeMac)
    {
        byte[] key = HKDF.DeriveKey(HashAlgorithmName.SHA256, FileKey, 32, [], Ascii("header"));
        return HMACSHA256.HashData(key, Ascii(beforeMac + "---"));
    }

    /// <summary>Nonce and chunks. If the size is a multiple of the chunk size, the last chunk is full.</summary>
    public static byte[] Payload(byte[] plain)
    {
        byte[][] chunks = plain.Length == 0 ? [[]] : [.. plain.Chunk(Chunk)];
        return [.. Nonce, .. chunks.SelectMany((chunk, i) => SealedChunk((ulong)i, i == chunks.Length - 1, chunk))];
    }

    public static byte[] SealedChunk(ulong counter, bool last, byte[] plain)
    {
        byte[] key = HKDF.DeriveKey(HashAlgorithmName.SHA256, FileKey, 32, Nonce, Ascii("payload"));
        byte[] nonce = new byte[12];
        BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(3), counter);
        nonce[11] = last ? (byte)1 : (byte)0;
        return Seal(key, nonce, plain);
    }

    /// <summary>Strict PEM, as the format requires it.</summary>
    public static string Armor(byte[] file)
    {
        IEnumerable<string> lines = Convert.ToBase64String(file).Chunk(64).Select(line => new string(line));
        return $"-----BEGIN AGE ENCRYPTED FILE-----\n{string.Join('\n', lines)}\n-----END AGE ENCRYPTED FILE-----\n";
    }

    public static byte[] Seal(byte[] key, byte[] nonce, byte[] plain)
    {
        byte[] ciphertext = new byte[plain.Length];
        byte[] tag = new byte[16];
        using ChaCha20Poly1305 cipher = new(key);
        cipher.Encrypt(nonce, plain, ciphertext, tag);
        return [.. ciphertext, .. tag];
    }
}
