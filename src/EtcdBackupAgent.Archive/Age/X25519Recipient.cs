using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>A recipient of the spec's first type, <c>age1…</c>: a point of X25519.</summary>
internal sealed class X25519Recipient : AgeRecipient
{
    private const string Prefix = "age";

    private X25519Recipient(byte[] point)
        : base(Prefix, point)
    {
    }

    private protected override AgeRecipientKind Kind => AgeRecipientKind.Classic;

    public static X25519Recipient OfSecret(ReadOnlySpan<byte> secret)
    {
        byte[] point = new byte[X25519.Bytes];
        X25519.PublicPoint(secret, point);
        return new X25519Recipient(point);
    }

    public static X25519Recipient? TryDecode(string text)
    {
        byte[] point = new byte[X25519.Bytes];
        return Bech32.TryDecode(text, Prefix, point) && !IsLowOrder(point) ? new X25519Recipient(point) : null;
    }

    private protected override AgeStanza Wrap(FileKey fileKey, RandomBytes random) =>
        X25519Stanza.Seal(fileKey, PublicKey, random);

    /// <summary>With a point of low order every secret gives zero, so any secret will do for the check.</summary>
    private static bool IsLowOrder(ReadOnlySpan<byte> point) =>
        !X25519.TryAgree(stackalloc byte[X25519.Bytes], point, stackalloc byte[X25519.Bytes]);
}
