using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// An X25519 identity, the secret half of an <see cref="AgeRecipient"/>: <c>AGE-SECRET-KEY-1…</c>, 74 upper-case characters.
/// Wiped when it is disposed; only <see cref="SecretText"/> shows the secret.
/// </summary>
public sealed class AgeIdentity : IAgeIdentity, IDisposable
{
    private const string Prefix = "AGE-SECRET-KEY-";

    private readonly SecretBytes _secret;

    private AgeIdentity(SecretBytes secret)
    {
        _secret = secret;
        Recipient = AgeRecipient.Of(secret.Span);
    }

    /// <summary>To whom a file must be encrypted for this identity to open it.</summary>
    public AgeRecipient Recipient { get; }

    /// <summary>A new one, of random bytes.</summary>
    public static AgeIdentity Generate() => Generate(RandomNumberGenerator.Fill);

    /// <summary>Reads <c>AGE-SECRET-KEY-1…</c>, without white space around it.</summary>
    /// <exception cref="AgeException">
    /// It is no X25519 identity: <see cref="AgeFailure.MalformedKey"/>. The message does not show what it is.
    /// </exception>
    public static AgeIdentity Parse(ReadOnlySpan<char> text)
    {
        SecretBytes secret = new(X25519.Bytes);
        if (!Bech32.TryDecode(text, Prefix, secret.Span))
        {
            secret.Dispose();
            throw new AgeException(
                AgeFailure.MalformedKey,
                $"A text of {text.Length} characters is no age identity: {Prefix}1 and 58 more upper-case characters, with a "
                + "checksum, are one.");
        }

        return new AgeIdentity(secret);
    }

    /// <summary>
    /// <c>AGE-SECRET-KEY-1…</c> in ASCII, without a line feed, for storing it. It is the caller's to wipe
    /// (<see cref="CryptographicOperations.ZeroMemory"/>); the array is pinned, no copy of it is left.
    /// </summary>
    public byte[] SecretText()
    {
        Span<char> text = stackalloc char[Bech32.Length(Prefix, X25519.Bytes)];
        Bech32.Encode(Prefix, _secret.Span, text);
        byte[] ascii = GC.AllocateArray<byte>(text.Length, pinned: true);
        Encoding.ASCII.GetBytes(text, ascii);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(text));
        return ascii;
    }

    /// <summary>Names the recipient, never the secret.</summary>
    public override string ToString() => $"the identity of {Recipient}";

    public void Dispose() => _secret.Dispose();

    internal static AgeIdentity Generate(RandomBytes random)
    {
        SecretBytes secret = new(X25519.Bytes);
        random(secret.Span);
        return new AgeIdentity(secret);
    }

    FileKey? IAgeIdentity.Unwrap(IReadOnlyList<AgeStanza> stanzas)
    {
        foreach (AgeStanza stanza in stanzas.Where(stanza => stanza.Type == X25519Stanza.Type))
        {
            if (X25519Stanza.Open(stanza, _secret.Span, Recipient.Point) is { } fileKey)
            {
                return fileKey;
            }
        }

        return null;
    }
}
