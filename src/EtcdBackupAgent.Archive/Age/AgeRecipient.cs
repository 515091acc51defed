using System.Diagnostics.CodeAnalysis;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// The public half of an <see cref="AgeIdentity"/>, an X25519 recipient: <c>age1…</c>, 62 lower-case characters. Whoever has
/// it can encrypt, and not decrypt.
/// </summary>
public sealed class AgeRecipient : IAgeRecipient, IEquatable<AgeRecipient>
{
    private const string Prefix = "age";

    private readonly byte[] _point;

    private AgeRecipient(byte[] point) => _point = point;

    bool IAgeRecipient.IsAlone => false;

    internal ReadOnlySpan<byte> Point => _point;

    /// <exception cref="AgeException">It is no X25519 recipient: <see cref="AgeFailure.MalformedKey"/>.</exception>
    public static AgeRecipient Parse(string text) => TryParse(text, out AgeRecipient? recipient)
        ? recipient
        : throw new AgeException(
            AgeFailure.MalformedKey,
            $"'{Shown(text)}' is no age recipient: age1 and 58 more lower-case characters, with a checksum, are one.");

    /// <summary>Also false for a point of low order, to which everything would be encrypted for everybody.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out AgeRecipient? recipient)
    {
        byte[] point = new byte[X25519.Bytes];
        recipient = text is not null && Bech32.TryDecode(text, Prefix, point) && !IsLowOrder(point)
            ? new AgeRecipient(point)
            : null;
        return recipient is not null;
    }

    public bool Equals(AgeRecipient? other) => other is not null && Point.SequenceEqual(other.Point);

    public override bool Equals(object? obj) => Equals(obj as AgeRecipient);

    public override int GetHashCode() => BitConverter.ToInt32(_point);

    /// <summary>The form that <see cref="Parse"/> reads.</summary>
    public override string ToString() => string.Create(
        Bech32.Length(Prefix, X25519.Bytes), _point, static (text, point) => Bech32.Encode(Prefix, point, text));

    AgeStanza IAgeRecipient.Wrap(FileKey fileKey, RandomBytes random) => X25519Stanza.Seal(fileKey, Point, random);

    internal static AgeRecipient Of(ReadOnlySpan<byte> secret)
    {
        byte[] point = new byte[X25519.Bytes];
        X25519.PublicPoint(secret, point);
        return new AgeRecipient(point);
    }

    /// <summary>With such a point any secret gives zero, so one is as good as another.</summary>
    private static bool IsLowOrder(ReadOnlySpan<byte> point) =>
        !X25519.TryAgree(stackalloc byte[X25519.Bytes], point, stackalloc byte[X25519.Bytes]);

    /// <summary>Somebody may have pasted an identity where a recipient belongs.</summary>
    private static string Shown(string text)
    {
        const int shownMax = 80;
        return text.StartsWith(Prefix + "1", StringComparison.Ordinal) ? text[..Math.Min(text.Length, shownMax)] : "…";
    }
}
