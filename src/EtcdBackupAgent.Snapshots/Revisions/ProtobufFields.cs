namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// Moves over the fields of one protobuf message without copying. It accepts and refuses the same messages as etcd's
/// decoders, which gogo/protobuf generated (<c>Unmarshal</c> and <c>skipKv</c> in <c>api/mvccpb/kv.pb.go</c>): etcd
/// fails to start if it cannot decode a record.
/// </summary>
public ref struct ProtobufFields(ReadOnlySpan<byte> message)
{
    private const int VarintBytesMax = 10;

    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The current field's number, above 0.</summary>
    public int Number { get; private set; }

    /// <summary>How the current field's value is written.</summary>
    public ProtobufWireType Type { get; private set; }

    /// <summary>The value of a <see cref="ProtobufWireType.Varint"/>.</summary>
    public long Integer { get; private set; }

    /// <summary>The value of a <see cref="ProtobufWireType.LengthDelimited"/> field.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>The problem of the message; null if none was found so far.</summary>
    public string? Problem { get; private set; }

    /// <summary>Moves to the next field. Returns false at the end of the message or at a problem.</summary>
    public bool MoveNext()
    {
        if (_rest.IsEmpty || Problem is not null || !TryReadVarint(out ulong tag))
        {
            return false;
        }

        Number = (int)(tag >> 3);
        Type = (ProtobufWireType)(tag & 7);
        return Number > 0 ? TryReadValue() : Fail("a field has an invalid number");
    }

    /// <summary>Whether the current field has the required type. If not, sets <see cref="Problem"/>.</summary>
    public bool Require(ProtobufWireType type) =>
        Type == type || Fail($"field {Number} has the wrong wire type {(int)Type}");

    private bool Fail(string problem)
    {
        Problem ??= problem;
        return false;
    }

    private bool TryReadValue()
    {
        switch (Type)
        {
            case ProtobufWireType.Varint:
                bool isComplete = TryReadVarint(out ulong integer);
                Integer = (long)integer;
                return isComplete;
            case ProtobufWireType.LengthDelimited:
                return TryReadBytes();
            default:
                return TrySkip();
        }
    }

    private bool TryReadVarint(out ulong value)
    {
        value = 0;
        for (int i = 0; i < VarintBytesMax; i++)
        {
            if (i == _rest.Length)
            {
                return Fail("it ends inside a number");
            }

            value |= (ulong)(_rest[i] & 0x7F) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return true;
            }
        }

        return Fail("a number is too long");
    }

    private bool TryReadBytes()
    {
        if (!TryReadVarint(out ulong length))
        {
            return false;
        }

        if (length > (ulong)_rest.Length)
        {
            return Fail($"field {Number} reaches past its end");
        }

        Bytes = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return true;
    }

    /// <summary>Skips a value of a type that no field of etcd has; a group is skipped with its content.</summary>
    private bool TrySkip()
    {
        ProtobufWireType type = Type;
        long depth = 0;
        while (true)
        {
            switch (type)
            {
                case ProtobufWireType.Varint when TryReadVarint(out _):
                case ProtobufWireType.LengthDelimited when TryReadBytes():
                case ProtobufWireType.Fixed64 when TryAdvance(sizeof(ulong)):
                case ProtobufWireType.Fixed32 when TryAdvance(sizeof(uint)):
                    break;
                case ProtobufWireType.StartGroup:
                    depth++;
                    break;
                case ProtobufWireType.EndGroup when depth > 0:
                    depth--;
                    break;
                default:
                    return Fail($"field {Number} has the invalid wire type {(int)type}");
            }

            if (depth == 0)
            {
                return true;
            }

            if (!TryReadVarint(out ulong tag))
            {
                return false;
            }

            type = (ProtobufWireType)(tag & 7);
        }
    }

    private bool TryAdvance(int bytes)
    {
        if (bytes > _rest.Length)
        {
            return Fail($"field {Number} reaches past its end");
        }

        _rest = _rest[bytes..];
        return true;
    }
}

/// <summary>
/// How a protobuf field's value is written. Source: https://protobuf.dev/programming-guides/encoding/.
/// </summary>
public enum ProtobufWireType
{
    /// <summary>A number of 1 to 10 bytes, 7 bits in each.</summary>
    Varint = 0,

    /// <summary>8 bytes, little-endian.</summary>
    Fixed64 = 1,

    /// <summary>A length as a varint, then as many bytes.</summary>
    LengthDelimited = 2,

    /// <summary>The start of a group (deprecated); its fields follow.</summary>
    StartGroup = 3,

    /// <summary>The end of a group (deprecated).</summary>
    EndGroup = 4,

    /// <summary>4 bytes, little-endian.</summary>
    Fixed32 = 5,
}
