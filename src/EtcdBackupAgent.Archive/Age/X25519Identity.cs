using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>The identity of an <see cref="X25519Recipient"/>: a secret of X25519.</summary>
internal sealed class X25519Identity(SecretBytes secret)
    : AgeIdentity(Prefix, secret, X25519Recipient.OfSecret(secret.Span))
{
    public const string Prefix = "AGE-SECRET-KEY-";

    private protected override string StanzaType => X25519Stanza.Type;

    private protected override FileKey? Open(AgeStanza stanza, ReadOnlySpan<byte> secret) =>
        X25519Stanza.Open(stanza, secret, Recipient.PublicKey);
}
