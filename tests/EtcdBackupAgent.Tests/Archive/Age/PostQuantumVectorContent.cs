using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Age;
using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Prng;
using Org.BouncyCastle.Security;
using static EtcdBackupAgent.Tests.Archive.Age.AgeVectorContent;

namespace EtcdBackupAgent.Tests.Archive.Age;

/// <summary>
/// The stanza to a post-quantum recipient, written from the specification and not with the code under test. All values
/// that are random in a real file are fixed here.
/// </summary>
internal static class PostQuantumVectorContent
{
    public const int MlKemBytes = 1088;

    private static readonly byte[] Suite = [.. Ascii("HPKE"), 0x64, 0x7a, 0, 1, 0, 3];

    public static AgeIdentity Identity { get; } =
        AgeIdentity.GeneratePostQuantum(bytes => Fixed("post-quantum identity", 32).CopyTo(bytes));

    /// <summary>The share and the body of a stanza to the owner of a secret.</summary>
    public static (byte[] Share, byte[] Body) Wrap(string secret = "post-quantum identity")
    {
        byte[] expanded = Shake256.HashData(Fixed(secret, 32), 96);
        byte[] point = PublicPoint(expanded[64..]);
        MLKemEncapsulator encapsulator = new(MLKemParameters.ml_kem_768);
        encapsulator.Init(new ParametersWithRandom(
            MLKemPrivateKeyParameters.FromSeed(MLKemParameters.ml_kem_768, expanded[..64]).GetPublicKey(),
            new SecureRandom(new FixedGenerator(Fixed("message", 32)))));
        byte[] ciphertext = new byte[MlKemBytes];
        byte[] fromMlKem = new byte[32];
        encapsulator.Encapsulate(ciphertext, 0, ciphertext.Length, fromMlKem, 0, fromMlKem.Length);

        byte[] share = PublicPoint(Ephemeral);
        byte[] fromX25519 = new byte[32];
        EtcdBackupAgent.Archive.Age.Primitives.X25519.TryAgree(Ephemeral, point, fromX25519);
        byte[] shared = SHA3_256.HashData([.. fromMlKem, .. fromX25519, .. share, .. point, .. Ascii(@"\.//^\")]);
        return ([.. ciphertext, .. share], SealFileKey(shared));
    }

    /// <summary>A stanza to the post-quantum identity, optionally with other arguments or another body.</summary>
    public static string ToPostQuantum(string? arguments = null, string? body = null)
    {
        (byte[] share, byte[] sealedKey) = Wrap();
        return $"-> {arguments ?? $"mlkem768x25519 {Base64(share)}"}\n{body ?? Base64(sealedKey)}\n";
    }

    private static byte[] SealFileKey(byte[] shared)
    {
        byte[] info = Ascii("age-encryption.org/mlkem768x25519");
        byte[] context = [0, .. Extract([], "psk_id_hash", []), .. Extract([], "info_hash", info)];
        byte[] secret = Extract(shared, "secret", []);
        byte[] key = Expand(secret, "key", context, 32);
        byte[] nonce = Expand(secret, "base_nonce", context, 12);
        return Seal(key, nonce, AgeVectorContent.FileKey);
    }

    private static byte[] Extract(byte[] salt, string label, byte[] input) => HKDF.Extract(
        HashAlgorithmName.SHA256, [.. Ascii("HPKE-v1"), .. Suite, .. Ascii(label), .. input], salt);

    private static byte[] Expand(byte[] secret, string label, byte[] context, byte bytes) => HKDF.Expand(
        HashAlgorithmName.SHA256,
        secret,
        bytes,
        [0, bytes, .. Ascii("HPKE-v1"), .. Suite, .. Ascii(label), .. context]);

    private sealed class FixedGenerator(byte[] bytes) : IRandomGenerator
    {
        public void AddSeedMaterial(byte[] seed)
        {
        }

        public void AddSeedMaterial(ReadOnlySpan<byte> seed)
        {
        }

        public void AddSeedMaterial(long seed)
        {
        }

        public void NextBytes(byte[] target) => NextBytes(target.AsSpan());

        public void NextBytes(byte[] target, int start, int length) => NextBytes(target.AsSpan(start, length));

        public void NextBytes(Span<byte> target) => bytes.AsSpan(0, target.Length).CopyTo(target);
    }
}
