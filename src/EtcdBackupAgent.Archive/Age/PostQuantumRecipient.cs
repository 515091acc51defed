using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>A post-quantum recipient, <c>age1pq1…</c>: a public key of <see cref="XWing"/>.</summary>
internal sealed class PostQuantumRecipient : AgeRecipient
{
    /// <summary>Contains the digit that also separates; the last one of a text is the separator.</summary>
    public const string Prefix = "age1pq";

    private PostQuantumRecipient(byte[] publicKey)
        : base(Prefix, publicKey)
    {
    }

    private protected override AgeRecipientKind Kind => AgeRecipientKind.PostQuantum;

    public static PostQuantumRecipient OfSecret(ReadOnlySpan<byte> secret)
    {
        byte[] publicKey = new byte[XWing.PublicBytes];
        XWing.PublicKey(secret, publicKey);
        return new PostQuantumRecipient(publicKey);
    }

    public static PostQuantumRecipient? TryDecode(string text)
    {
        byte[] publicKey = new byte[XWing.PublicBytes];
        return Bech32.TryDecode(text, Prefix, publicKey) && XWing.IsValid(publicKey)
            ? new PostQuantumRecipient(publicKey)
            : null;
    }

    private protected override AgeStanza Wrap(FileKey fileKey, RandomBytes random) =>
        PostQuantumStanza.Seal(fileKey, PublicKey, random);
}
