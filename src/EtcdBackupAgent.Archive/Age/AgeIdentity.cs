using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// An X25519 identity, the private key of an <see cref="AgeRecipient"/>: <c>AGE-SECRET-KEY-1…</c>, 74 upper-case
/// characters. Disposing wipes it. Only <see cref="SecretText"/> returns the secret.
/// </summary>
public sealed class AgeIdentity : IAgeIdentity, IDisposable
{
    private const string Prefix = "AGE-SECRET-KEY-";

    private readonly SecretBytes _secret;

    private AgeIdentity(SecretBytes secret)
    {
        _secret = secret;
        Recipient = AgeRecipient.FromSecret(secret.Span);
    }

    /// <summary>The recipient: this identity opens the files that are encrypted to it.</summary>
    public AgeRecipient Recipient { get; }

    /// <summary>Generates a new identity from random bytes.</summary>
    public static AgeIdentity Generate() => Generate(RandomNumberGenerator.Fill);

    /// <summary>Parses <c>AGE-SECRET-KEY-1…</c> without surrounding white space.</summary>
    /// <exception cref="AgeException">
    /// The text is not an X25519 identity (<see cref="AgeFailure.MalformedKey"/>). The message does not show the text.
    /// </exception>
    public static AgeIdentity Parse(ReadOnlySpan<char> text)
    {
        SecretBytes secret = new(X25519.Bytes);
        if (!Bech32.TryDecode(text, Prefix, secret.Span))
        {
            secret.Dispose();
            throw new AgeException(
                AgeFailure.MalformedKey,
                $"A text of {text.Length} characters is not an age identity: expected {Prefix}1 and 58 more upper-case "
                + "characters with a valid checksum.");
        }

        return new AgeIdentity(secret);
    }

    /// <summary>
    /// Returns <c>AGE-SECRET-KEY-1…</c> in ASCII, without a line feed, to be stored. The caller must wipe the array
    /// with <see cref="CryptographicOperations.ZeroMemory"/>. The array is pinned, so the garbage collector leaves no
    /// copy of it.
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

    /// <summary>Returns a text with the recipient, never with the secret.</summary>
    public override string ToString() => $"the identity of {Recipient}";

    /// <summary>Wipes the secret from memory.</summary>
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
