using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace EtcdBackupAgent.Archive.Signatures;

/// <summary>
/// The encoding of SSH (RFC 4251, section 5): a string is its length in four bytes, the highest first, and its bytes.
/// </summary>
internal sealed class SshWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public SshWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public SshWriter Number(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return Raw(bytes);
    }

    public SshWriter Text(ReadOnlySpan<byte> bytes) => Number((uint)bytes.Length).Raw(bytes);

    public SshWriter Text(string ascii) => Text(Encoding.ASCII.GetBytes(ascii));

    /// <summary>
    /// An integer that is not negative: without zeros in front, except for one if the highest bit would be set.
    /// </summary>
    public SshWriter Integer(ReadOnlySpan<byte> highestFirst)
    {
        ReadOnlySpan<byte> digits = highestFirst.TrimStart((byte)0);
        return digits.IsEmpty || digits[0] < 0x80
            ? Text(digits)
            : Number((uint)digits.Length + 1).Raw([0]).Raw(digits);
    }
}

/// <summary>Reads what <see cref="SshWriter"/> writes.</summary>
internal ref struct SshReader(ReadOnlySpan<byte> bytes, string what)
{
    private readonly string _what = what;
    private ReadOnlySpan<byte> _rest = bytes;

    public uint Number() => BinaryPrimitives.ReadUInt32BigEndian(Raw(sizeof(uint)));

    public ReadOnlySpan<byte> Raw(int length)
    {
        if (length < 0 || length > _rest.Length)
        {
            throw new SignatureException($"is not {_what}: it is truncated");
        }

        ReadOnlySpan<byte> read = _rest[..length];
        _rest = _rest[length..];
        return read;
    }

    public ReadOnlySpan<byte> Text() => Raw((int)Math.Min(Number(), int.MaxValue));

    public string AsciiText() => Encoding.ASCII.GetString(Text());

    /// <summary>An integer of at most <paramref name="length"/> bytes, filled with zeros in front.</summary>
    public byte[] Integer(int length)
    {
        ReadOnlySpan<byte> digits = Text().TrimStart((byte)0);
        if (digits.Length > length)
        {
            throw new SignatureException($"is not {_what}: a number is too large");
        }

        byte[] filled = new byte[length];
        digits.CopyTo(filled.AsSpan(length - digits.Length));
        return filled;
    }

    public readonly void RequireEnd()
    {
        if (!_rest.IsEmpty)
        {
            throw new SignatureException($"is not {_what}: {_rest.Length} bytes follow its end");
        }
    }
}
