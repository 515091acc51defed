using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Signatures.Primitives;

namespace EtcdBackupAgent.Archive.Signatures;

/// <summary>
/// A public key that signatures are checked with, as SSH writes it: <c>ecdsa-sha2-nistp256 AAAA…</c> (RFC 5656) or
/// <c>ssh-ed25519 AAAA…</c> (RFC 8709). Equal if the keys are equal; a comment does not count.
/// </summary>
public sealed class SshPublicKey : IEquatable<SshPublicKey>
{
    /// <summary>The type of the keys that the agent makes.</summary>
    internal const string EcdsaType = "ecdsa-sha2-nistp256";

    /// <summary>The type of keys that are only checked: owners have such keys already.</summary>
    internal const string Ed25519Type = "ssh-ed25519";

    private const string EcdsaCurve = "nistp256";
    private const byte UncompressedPoint = 4;
    private const int CoordinateBytes = 32;

    private readonly byte[] _blob;
    private readonly byte[] _point;

    private SshPublicKey(string type, byte[] blob, byte[] point)
    {
        Type = type;
        _blob = blob;
        _point = point;
    }

    /// <summary>The algorithm, in SSH's words.</summary>
    public string Type { get; }

    /// <summary>The key as <c>ssh-keygen -l</c> names it: <c>SHA256:</c> and base64 without padding.</summary>
    public string Fingerprint => $"SHA256:{Convert.ToBase64String(SHA256.HashData(_blob)).TrimEnd('=')}";

    internal ReadOnlySpan<byte> Blob => _blob;

    /// <summary>Reads a key; the text may have a comment at its end, as in a <c>.pub</c> file.</summary>
    /// <exception cref="SignatureException">The text is not a public key, or one of another type.</exception>
    public static SshPublicKey Parse(string text)
    {
        string[] parts = text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return parts.Length >= 2
            ? Parse(parts[0], parts[1])
            : throw new SignatureException("is not a public key of SSH: a type and base64");
    }

    /// <summary>As <see cref="Parse(string)"/>; returns false instead of throwing.</summary>
    public static bool TryParse(string text, out SshPublicKey? key)
    {
        try
        {
            key = Parse(text);
            return true;
        }
        catch (SignatureException)
        {
            key = null;
            return false;
        }
    }

    public bool Equals(SshPublicKey? other) => other is not null && _blob.AsSpan().SequenceEqual(other._blob);

    public override bool Equals(object? obj) => Equals(obj as SshPublicKey);

    public override int GetHashCode() => Fingerprint.GetHashCode(StringComparison.Ordinal);

    /// <summary>Returns the type and the base64, without a comment.</summary>
    public override string ToString() => $"{Type} {Convert.ToBase64String(_blob)}";

    internal static SshPublicKey Parse(string type, string base64)
    {
        RequireKnown(type);

        try
        {
            SshPublicKey key = Read(Convert.FromBase64String(base64));
            return key.Type == type
                ? key
                : throw new SignatureException($"is not a public key: it says {type}, but contains {key.Type}");
        }
        catch (FormatException e)
        {
            throw new SignatureException("is not a public key of SSH: its second word is not base64", e);
        }
    }

    internal static SshPublicKey Read(ReadOnlySpan<byte> blob)
    {
        SshReader reader = new(blob, "a public key");
        string type = reader.AsciiText();
        RequireKnown(type);

        if (type == EcdsaType && reader.AsciiText() != EcdsaCurve)
        {
            throw new SignatureException("is not a public key: its curve is not nistp256");
        }

        byte[] point = reader.Text().ToArray();
        reader.RequireEnd();
        SshPublicKey key = new(type, blob.ToArray(), point);
        key.RequirePoint();
        return key;
    }

    internal static SshPublicKey Of(ECDsa key)
    {
        ECPoint q = key.ExportParameters(includePrivateParameters: false).Q;
        byte[] point = [UncompressedPoint, .. q.X!, .. q.Y!];
        return new SshPublicKey(
            EcdsaType, new SshWriter().Text(EcdsaType).Text(EcdsaCurve).Text(point).ToArray(), point);
    }

    /// <summary>Whether this key made a signature, in SSH's encoding, of these bytes.</summary>
    /// <exception cref="SignatureException">The signature is malformed, or of another type of key.</exception>
    internal bool Verifies(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature)
    {
        SshReader reader = new(signature, "a signature");
        string type = reader.AsciiText();
        if (type != Type)
        {
            throw new SignatureException($"is a signature of the type '{Shown(type)}', but its key is {Type}");
        }

        ReadOnlySpan<byte> value = reader.Text();
        reader.RequireEnd();
        if (Type == Ed25519Type)
        {
            return Ed25519.Verifies(_point, bytes, value);
        }

        SshReader integers = new(value, "a signature");
        byte[] raw = [.. integers.Integer(CoordinateBytes), .. integers.Integer(CoordinateBytes)];
        integers.RequireEnd();
        using ECDsa key = ECDsa.Create(Parameters());
        return key.VerifyData(
            bytes, raw, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private static void RequireKnown(string type)
    {
        if (type is not (EcdsaType or Ed25519Type))
        {
            throw new SignatureException(
                $"has the type '{Shown(type)}'; only {EcdsaType} and {Ed25519Type} are supported");
        }
    }

    private void RequirePoint()
    {
        if (Type == Ed25519Type)
        {
            if (_point.Length != Ed25519.PublicKeyBytes)
            {
                throw new SignatureException($"is not a public key: it has {_point.Length} bytes, not 32");
            }

            return;
        }

        if (_point.Length != 1 + (2 * CoordinateBytes) || _point[0] != UncompressedPoint)
        {
            throw new SignatureException("is not a public key: its point is not an uncompressed one of nistp256");
        }

        try
        {
            ECDsa.Create(Parameters()).Dispose();
        }
        catch (CryptographicException e)
        {
            throw new SignatureException("is not a public key: its point is not on the curve", e);
        }
    }

    private ECParameters Parameters() => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = _point[1..(CoordinateBytes + 1)], Y = _point[(CoordinateBytes + 1)..] },
    };

    private static string Shown(string type) =>
        new([.. type.Take(40).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '@' ? c : '?')]);
}
