using System.Diagnostics.CodeAnalysis;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// An X25519 recipient, the public key of an <see cref="AgeIdentity"/>: <c>age1…</c>, 62 lower-case characters. It can
/// encrypt but not decrypt.
/// </summary>
public sealed class AgeRecipient : IAgeRecipient, IEquatable<AgeRecipient>
{
    private const string Prefix = "age";

    private readonly byte[] _point;

    private AgeRecipient(byte[] point) => _point = point;

    bool IAgeRecipient.MustBeAlone => false;

    internal ReadOnlySpan<byte> Point => _point;

    /// <exception cref="AgeException">
    /// The text is not an X25519 recipient (<see cref="AgeFailure.MalformedKey"/>).
    /// </exception>
    public static AgeRecipient Parse(string text) => TryParse(text, out AgeRecipient? recipient)
        ? recipient
        : throw new AgeException(
            AgeFailure.MalformedKey,
            $"'{ForDisplay(text)}' is not an age recipient: expected age1 and 58 more lower-case characters with a "
            + "valid checksum.");

    /// <summary>
    /// Parses a recipient. Also returns false for a point of low order: anyone could decrypt what is encrypted to it.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out AgeRecipient? recipient)
    {
        byte[] point = new byte[X25519.Bytes];
        recipient = text is not null && Bech32.TryDecode(text, Prefix, point) && !IsLowOrder(point)
            ? new AgeRecipient(point)
            : null;
        return recipient is not null;
    }

    /// <summary>Whether both are the same public key.</summary>
    public bool Equals(AgeRecipient? other) => other is not null && Point.SequenceEqual(other.Point);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as AgeRecipient);

    /// <inheritdoc />
    public override int GetHashCode() => BitConverter.ToInt32(_point);

    /// <summary>Returns the text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => string.Create(
        Bech32.Length(Prefix, X25519.Bytes), _point, static (text, point) => Bech32.Encode(Prefix, point, text));

    AgeStanza IAgeRecipient.Wrap(FileKey fileKey, RandomBytes random) => X25519Stanza.Seal(fileKey, Point, random);

    internal static AgeRecipient FromSecret(ReadOnlySpan<byte> secret)
    {
        byte[] point = new byte[X25519.Bytes];
        X25519.PublicPoint(secret, point);
        return new AgeRecipient(point);
    }

    /// <summary>With a point of low order every secret gives zero, so any secret will do for the check.</summary>
    private static bool IsLowOrder(ReadOnlySpan<byte> point) =>
        !X25519.TryAgree(stackalloc byte[X25519.Bytes], point, stackalloc byte[X25519.Bytes]);

    /// <summary>
    /// Hides a text that does not begin with <c>age1</c>: it may be an identity that was pasted by mistake.
    /// </summary>
    private static string ForDisplay(string text)
    {
        const int shownMax = 80;
        return text.StartsWith(Prefix + "1", StringComparison.Ordinal) ? text[..Math.Min(text.Length, shownMax)] : "…";
    }
}
