using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>The identity of a <see cref="PostQuantumRecipient"/>: a secret of <see cref="XWing"/>.</summary>
internal sealed class PostQuantumIdentity(SecretBytes secret)
    : AgeIdentity(Prefix, secret, PostQuantumRecipient.OfSecret(secret.Span))
{
    public const string Prefix = "AGE-SECRET-KEY-PQ-";

    private protected override string StanzaType => PostQuantumStanza.Type;

    private protected override FileKey? Open(AgeStanza stanza, ReadOnlySpan<byte> secret) =>
        PostQuantumStanza.Open(stanza, secret, Recipient.PublicKey);
}
