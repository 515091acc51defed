using System.Diagnostics.CodeAnalysis;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// The public key of an <see cref="AgeIdentity"/>: <c>age1…</c> of 62 characters (X25519), or post-quantum
/// <c>age1pq1…</c> of 1,959 characters (ML-KEM-768 and X25519), in lower case. It can encrypt but not decrypt.
/// </summary>
public abstract class AgeRecipient : IAgeRecipient, IEquatable<AgeRecipient>
{
    private const int ShownBeginning = 20;
    private const int ShownEnd = 8;

    private readonly string _prefix;
    private readonly byte[] _publicKey;

    private protected AgeRecipient(string prefix, byte[] publicKey)
    {
        _prefix = prefix;
        _publicKey = publicKey;
    }

    /// <summary>Whether a computer that breaks X25519 still cannot open the files.</summary>
    public bool IsPostQuantum => Kind == AgeRecipientKind.PostQuantum;

    /// <summary>
    /// The recipient for people: complete if it is short, otherwise its beginning and its end. Two recipients can have
    /// the same abbreviation, so it is never compared.
    /// </summary>
    public string Abbreviation => Abbreviate(ToString());

    AgeRecipientKind IAgeRecipient.Kind => Kind;

    internal ReadOnlySpan<byte> PublicKey => _publicKey;

    private protected abstract AgeRecipientKind Kind { get; }

    /// <exception cref="AgeException">
    /// The text is not a recipient (<see cref="AgeFailure.MalformedKey"/>).
    /// </exception>
    public static AgeRecipient Parse(string text) => TryParse(text, out AgeRecipient? recipient)
        ? recipient
        : throw new AgeException(
            AgeFailure.MalformedKey,
            $"'{ForDisplay(text)}' is not an age recipient: expected age1 and 58 more lower-case characters, or "
            + "age1pq1 and 1,952 more, with a valid checksum.");

    /// <summary>
    /// Parses a recipient. Also returns false if its point is of low order, so that anyone could decrypt what is
    /// encrypted to it, or if its ML-KEM key is not valid.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out AgeRecipient? recipient)
    {
        recipient = text is null ? null
            : text.StartsWith($"{PostQuantumRecipient.Prefix}1", StringComparison.Ordinal)
                ? PostQuantumRecipient.TryDecode(text)
                : X25519Recipient.TryDecode(text);
        return recipient is not null;
    }

    /// <summary>
    /// Whether some of the recipients are post-quantum and others are not. No file is written to both.
    /// </summary>
    public static bool AreMixed(IEnumerable<AgeRecipient> recipients) =>
        recipients.Select(recipient => recipient.IsPostQuantum).Distinct().Count() > 1;

    /// <summary>Abbreviates the text of a recipient, valid or not, as <see cref="Abbreviation"/> does.</summary>
    public static string Abbreviate(string text)
    {
        const int completeMax = 80;
        return text.Length <= completeMax ? text : $"{text[..ShownBeginning]}…{text[^ShownEnd..]}";
    }

    /// <summary>Whether both are the same public key.</summary>
    public bool Equals(AgeRecipient? other) =>
        other is not null && Kind == other.Kind && PublicKey.SequenceEqual(other.PublicKey);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as AgeRecipient);

    /// <inheritdoc />
    public override int GetHashCode() => BitConverter.ToInt32(_publicKey);

    /// <summary>Returns the complete text, which <see cref="Parse"/> reads.</summary>
    public override string ToString() => string.Create(
        Bech32.Length(_prefix, _publicKey.Length),
        this,
        static (text, recipient) => Bech32.Encode(recipient._prefix, recipient.PublicKey, text));

    AgeStanza IAgeRecipient.Wrap(FileKey fileKey, RandomBytes random) => Wrap(fileKey, random);

    private protected abstract AgeStanza Wrap(FileKey fileKey, RandomBytes random);

    /// <summary>
    /// Hides a text that does not begin with <c>age1</c>: it may be an identity that was pasted by mistake.
    /// </summary>
    private static string ForDisplay(string text) =>
        text.StartsWith("age1", StringComparison.Ordinal) ? Abbreviate(text) : "…";
}
