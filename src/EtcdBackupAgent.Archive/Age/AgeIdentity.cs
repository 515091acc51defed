using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// The private key of an <see cref="AgeRecipient"/>: <c>AGE-SECRET-KEY-1…</c> (X25519), or post-quantum
/// <c>AGE-SECRET-KEY-PQ-1…</c> (ML-KEM-768 and X25519), in upper case; 32 bytes of either. Disposing wipes it. Only
/// <see cref="SecretText"/> returns the secret.
/// </summary>
public abstract class AgeIdentity : IAgeIdentity, IDisposable
{
    private const int SizeBytes = 32;

    private readonly string _prefix;
    private readonly SecretBytes _secret;

    private protected AgeIdentity(string prefix, SecretBytes secret, AgeRecipient recipient)
    {
        _prefix = prefix;
        _secret = secret;
        Recipient = recipient;
    }

    /// <summary>The recipient: this identity opens the files that are encrypted to it.</summary>
    public AgeRecipient Recipient { get; }

    /// <summary>The type of the stanzas that can be addressed to this identity.</summary>
    private protected abstract string StanzaType { get; }

    /// <summary>Generates a new X25519 identity from random bytes.</summary>
    public static AgeIdentity Generate() => Generate(RandomNumberGenerator.Fill);

    /// <summary>Generates a new post-quantum identity from random bytes.</summary>
    public static AgeIdentity GeneratePostQuantum() => GeneratePostQuantum(RandomNumberGenerator.Fill);

    /// <summary>
    /// Parses <c>AGE-SECRET-KEY-1…</c> or <c>AGE-SECRET-KEY-PQ-1…</c> without surrounding white space.
    /// </summary>
    /// <exception cref="AgeException">
    /// The text is not an identity (<see cref="AgeFailure.MalformedKey"/>). The message does not show the text.
    /// </exception>
    public static AgeIdentity Parse(ReadOnlySpan<char> text)
    {
        SecretBytes secret = new(SizeBytes);
        if (Bech32.TryDecode(text, X25519Identity.Prefix, secret.Span))
        {
            return new X25519Identity(secret);
        }

        if (Bech32.TryDecode(text, PostQuantumIdentity.Prefix, secret.Span))
        {
            return new PostQuantumIdentity(secret);
        }

        secret.Dispose();
        throw new AgeException(
            AgeFailure.MalformedKey,
            $"A text of {text.Length} characters is not an age identity: expected {X25519Identity.Prefix}1 or "
            + $"{PostQuantumIdentity.Prefix}1, and 58 more upper-case characters with a valid checksum.");
    }

    /// <summary>
    /// Returns <c>AGE-SECRET-KEY-…</c> in ASCII, without a line feed, to be stored. The caller must wipe the array
    /// with <see cref="CryptographicOperations.ZeroMemory"/>. The array is pinned, so the garbage collector leaves no
    /// copy of it.
    /// </summary>
    public byte[] SecretText()
    {
        Span<char> text = stackalloc char[Bech32.Length(_prefix, SizeBytes)];
        Bech32.Encode(_prefix, _secret.Span, text);
        byte[] ascii = GC.AllocateArray<byte>(text.Length, pinned: true);
        Encoding.ASCII.GetBytes(text, ascii);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(text));
        return ascii;
    }

    /// <summary>Returns a text with the recipient, never with the secret.</summary>
    public override string ToString() => $"the identity of {Recipient.Abbreviation}";

    /// <summary>Wipes the secret from memory.</summary>
    public void Dispose()
    {
        _secret.Dispose();
        GC.SuppressFinalize(this);
    }

    internal static AgeIdentity Generate(RandomBytes random) => new X25519Identity(NewSecret(random));

    internal static AgeIdentity GeneratePostQuantum(RandomBytes random) => new PostQuantumIdentity(NewSecret(random));

    FileKey? IAgeIdentity.Unwrap(IReadOnlyList<AgeStanza> stanzas)
    {
        foreach (AgeStanza stanza in stanzas.Where(stanza => stanza.Type == StanzaType))
        {
            if (Open(stanza, _secret.Span) is { } fileKey)
            {
                return fileKey;
            }
        }

        return null;
    }

    /// <summary>Decrypts the file key. Returns null if the stanza is addressed to another recipient.</summary>
    /// <exception cref="AgeException">The stanza is malformed.</exception>
    private protected abstract FileKey? Open(AgeStanza stanza, ReadOnlySpan<byte> secret);

    private static SecretBytes NewSecret(RandomBytes random)
    {
        SecretBytes secret = new(SizeBytes);
        random(secret.Span);
        return secret;
    }
}
