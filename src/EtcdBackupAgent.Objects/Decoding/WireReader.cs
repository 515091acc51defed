using System.Runtime.CompilerServices;

namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>
/// The fields of one encoded message, in their order. It accepts what the decoders of Kubernetes accept: varints of up
/// to ten bytes, longer than they need, and groups, which are skipped.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private const int VarintBytesMax = 10;

    /// <summary>Kubernetes uses no groups. Those in unknown fields can be nested as deep as this.
    /// </summary>
    private const int GroupDepthMax = 100;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _position;

    /// <summary>The number of the field.</summary>
    public int Number { get; private set; }

    public WireType Type { get; private set; }

    /// <summary>The position of the first byte of the field, its tag.</summary>
    public int Start { get; private set; }

    /// <summary>The value of a varint.</summary>
    public ulong Varint { get; private set; }

    /// <summary>The position of the first byte of a length-delimited value.</summary>
    public int ValueStart { get; private set; }

    /// <summary>The number of bytes of a length-delimited value.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes of a length-delimited value.</summary>
    public readonly ReadOnlySpan<byte> Value => _bytes.Slice(ValueStart, Length);

    /// <summary>All bytes of the field, its tag included.</summary>
    public readonly ReadOnlySpan<byte> Encoded => _bytes[Start.._position];

    /// <summary>Continues at another position, the first byte of a field.</summary>
    public void Seek(int position) => _position = position;

    /// <summary>Reads the next field; false at the end.</summary>
    /// <exception cref="DamagedObjectException">The bytes are not a field.</exception>
    public bool MoveNext()
    {
        if (_position >= _bytes.Length)
        {
            return false;
        }

        Start = _position;
        ulong tag = ReadVarint();
        Number = (int)(uint)(tag >> 3);
        Type = (WireType)(tag & 7);
        if (Number <= 0 || tag >> 3 > int.MaxValue)
        {
            throw new DamagedObjectException("a field has the number 0, or one that is too large");
        }

        ReadValue();
        return true;
    }

    /// <summary>Requires the type of the field.</summary>
    /// <exception cref="DamagedObjectException">It has another one.</exception>
    public readonly void Require(WireType type, string message)
    {
        if (Type != type)
        {
            throw new DamagedObjectException(
                $"the field {Number} of {message} is encoded as {Type}, not as {type}");
        }
    }

    /// <summary>Reads the number at the beginning of some bytes.</summary>
    /// <exception cref="DamagedObjectException">There is none.</exception>
    public static ulong ReadVarint(ReadOnlySpan<byte> bytes, out int length)
    {
        ulong value = 0;
        for (length = 0; length < Math.Min(bytes.Length, VarintBytesMax);)
        {
            byte next = bytes[length];
            value |= (ulong)(next & 0x7F) << (7 * length);
            length++;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new DamagedObjectException(
            length < VarintBytesMax ? "the bytes end inside a number" : "a number has more than ten bytes");
    }

    private void ReadValue()
    {
        switch (Type)
        {
            case WireType.Varint:
                Varint = ReadVarint();
                break;
            case WireType.LengthDelimited:
                ulong length = ReadVarint();
                ValueStart = _position;
                Length = (int)Math.Min(length, int.MaxValue);
                Skip(Length);
                break;
            case WireType.Fixed32:
                Skip(sizeof(uint));
                break;
            case WireType.Fixed64:
                Skip(sizeof(ulong));
                break;
            case WireType.StartGroup:
                SkipGroup();
                break;
            default:
                throw new DamagedObjectException($"a field has the wire type {(int)Type}");
        }
    }

    private void SkipGroup()
    {
        for (int depth = 1; depth > 0;)
        {
            WireType type = (WireType)(ReadVarint() & 7);
            depth += type switch
            {
                WireType.StartGroup => 1,
                WireType.EndGroup => -1,
                _ => 0,
            };
            if (depth > GroupDepthMax)
            {
                throw new DamagedObjectException($"groups are nested deeper than {GroupDepthMax} levels");
            }

            if (type is not (WireType.StartGroup or WireType.EndGroup))
            {
                Type = type;
                ReadValue();
            }
        }

        Type = WireType.StartGroup;
    }

    private void Skip(int length)
    {
        if (length > _bytes.Length - _position)
        {
            throw new DamagedObjectException(
                $"a value of {length} bytes is longer than the {_bytes.Length - _position} bytes that are left");
        }

        _position += length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong ReadVarint()
    {
        if (_position < _bytes.Length && _bytes[_position] < 0x80)
        {
            return _bytes[_position++];
        }

        return ReadLongVarint();
    }

    private ulong ReadLongVarint()
    {
        ulong value = ReadVarint(_bytes[_position..], out int length);
        _position += length;
        return value;
    }
}
