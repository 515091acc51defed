using System.Diagnostics.CodeAnalysis;

namespace EtcdBackupAgent.Archive.Hashing;

/// <summary>A SHA-256 digest. Its text form is 64 lower-case hexadecimal digits.</summary>
public readonly struct Sha256Digest : IEquatable<Sha256Digest>
{
    /// <summary>The length of a digest in bytes.</summary>
    public const int SizeBytes = 32;

    private readonly UInt128 _high;
    private readonly UInt128 _low;

    public Sha256Digest(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, SizeBytes);
        _high = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
        _low = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]);
    }

    public static bool operator ==(Sha256Digest left, Sha256Digest right) => left.Equals(right);

    public static bool operator !=(Sha256Digest left, Sha256Digest right) => !left.Equals(right);

    /// <summary>Parses exactly 64 lower-case hexadecimal digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Sha256Digest digest)
    {
        digest = default;
        if (text is not { Length: SizeBytes * 2 } || text.Any(char.IsAsciiLetterUpper))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[SizeBytes];
        if (Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        digest = new Sha256Digest(bytes);
        return true;
    }

    /// <summary>Writes the digest to the first <see cref="SizeBytes"/> bytes of a buffer.</summary>
    public void CopyTo(Span<byte> bytes)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, _high);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes[16..], _low);
    }

    public bool Equals(Sha256Digest other) => _high == other._high && _low == other._low;

    public override bool Equals(object? obj) => obj is Sha256Digest other && Equals(other);

    public override int GetHashCode() => _low.GetHashCode();

    public override string ToString() => $"{_high:x32}{_low:x32}";
}
