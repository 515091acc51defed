using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EtcdBackupAgent.Archive.Age.Primitives;

/// <summary>
/// The key schedule of HPKE in base mode (RFC 9180, section 5.1), for one message under the suite X-Wing, HKDF-SHA256
/// and ChaCha20-Poly1305.
/// </summary>
internal static class HpkeSchedule
{
    public const int KeyBytes = 32;
    public const int NonceBytes = 12;

    private const int LabeledBytesMax = 128;

    private static ReadOnlySpan<byte> Version => "HPKE-v1"u8;

    /// <summary>"HPKE", then the KEM, the KDF and the AEAD.</summary>
    private static ReadOnlySpan<byte> Suite => [0x48, 0x50, 0x4B, 0x45, 0x64, 0x7A, 0x00, 0x01, 0x00, 0x03];

    /// <summary>Derives the key and the nonce of the first message.</summary>
    public static void Derive(ReadOnlySpan<byte> shared, ReadOnlySpan<byte> info, Span<byte> key, Span<byte> nonce)
    {
        // mode_base ‖ psk_id_hash ‖ info_hash
        Span<byte> context = stackalloc byte[1 + (2 * SHA256.HashSizeInBytes)];
        context[0] = 0;
        Extract([], "psk_id_hash"u8, [], context.Slice(1, SHA256.HashSizeInBytes));
        Extract([], "info_hash"u8, info, context[(1 + SHA256.HashSizeInBytes)..]);
        using SecretBytes secret = new(SHA256.HashSizeInBytes);
        Extract(shared, "secret"u8, [], secret.Span);
        Expand(secret.Span, "key"u8, context, key);
        Expand(secret.Span, "base_nonce"u8, context, nonce);
    }

    /// <summary>LabeledExtract (RFC 9180, section 4).</summary>
    private static void Extract(
        ReadOnlySpan<byte> salt, ReadOnlySpan<byte> label, ReadOnlySpan<byte> input, Span<byte> output)
    {
        Span<byte> labeled = stackalloc byte[LabeledBytesMax];
        int length = Put(labeled, [], label, input);
        HKDF.Extract(HashAlgorithmName.SHA256, labeled[..length], salt, output);
    }

    /// <summary>LabeledExpand (RFC 9180, section 4).</summary>
    private static void Expand(
        ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, Span<byte> output)
    {
        Span<byte> size = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)output.Length);
        Span<byte> labeled = stackalloc byte[LabeledBytesMax];
        int length = Put(labeled, size, label, context);
        HKDF.Expand(HashAlgorithmName.SHA256, secret, output, labeled[..length]);
    }

    /// <summary>Writes the labeled form of public bytes, and returns its length.</summary>
    private static int Put(
        Span<byte> target, ReadOnlySpan<byte> size, ReadOnlySpan<byte> label, ReadOnlySpan<byte> content)
    {
        Span<byte> rest = target;
        size.CopyTo(rest);
        rest = rest[size.Length..];
        Version.CopyTo(rest);
        rest = rest[Version.Length..];
        Suite.CopyTo(rest);
        rest = rest[Suite.Length..];
        label.CopyTo(rest);
        rest = rest[label.Length..];
        content.CopyTo(rest);
        return target.Length - rest.Length + content.Length;
    }
}
