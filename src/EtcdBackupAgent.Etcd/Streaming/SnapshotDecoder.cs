using EtcdBackupAgent.Etcd.Grpc;

namespace EtcdBackupAgent.Etcd.Streaming;

/// <summary>
/// Finds the database's bytes in a stream of framed <c>SnapshotResponse</c> messages, whatever pieces the stream comes in, and
/// leaves them where they are. It keeps nothing but a few numbers.
/// </summary>
/// <remarks>
/// <c>SnapshotResponse { ResponseHeader header = 1; uint64 remaining_bytes = 2; bytes blob = 3; string version = 4; }</c>; other
/// fields are passed over. Source: etcd's <c>api/etcdserverpb/rpc.proto</c>; protobuf's "Encoding"; for the frames, <see cref="GrpcFrame"/>.
/// </remarks>
internal sealed class SnapshotDecoder
{
    private const int RemainingBytesField = 2;
    private const int BlobField = 3;
    private const int VarintBitsMax = 64;

    private readonly byte[] _frameHeader = new byte[GrpcFrame.HeaderSizeBytes];
    private Expect _expect = Expect.FrameHeader;
    private int _frameHeaderBytes;
    private int _messageBytesLeft;
    private ulong _varint;
    private int _varintBits;
    private int _field;
    private int _skipBytesLeft;
    private bool _blobSeen;

    private enum Expect
    {
        FrameHeader,
        Tag,
        Number,
        Length,
        Skipped,
        Blob,
    }

    /// <summary>Bytes of the database that come next, before anything else; take them and call <see cref="TakeBlob"/>.</summary>
    public int BlobBytesNext { get; private set; }

    /// <summary>The last <c>remaining_bytes</c> seen: bytes of the database after the blob of the same message.</summary>
    public ulong RemainingBytes { get; private set; }

    /// <summary>Whether the stream may end here: no frame has begun, or the last one is complete.</summary>
    public bool IsBetweenMessages => _expect == Expect.FrameHeader && _frameHeaderBytes == 0;

    /// <summary>Reads what is not the database's, up to the next byte that is.</summary>
    /// <returns>How many bytes of <paramref name="input"/> were read: all of them, unless <see cref="BlobBytesNext"/> is above 0.</returns>
    /// <exception cref="GrpcException">The stream is not made of such messages.</exception>
    public int TakeStructure(ReadOnlySpan<byte> input)
    {
        int taken = 0;
        while (taken < input.Length && BlobBytesNext == 0)
        {
            taken += _expect switch
            {
                Expect.FrameHeader => TakeFrameHeader(input[taken]),
                Expect.Skipped => TakeSkipped(input.Length - taken),
                _ => TakeVarint(input[taken]),
            };
        }

        return taken;
    }

    /// <summary>Says that the next bytes of the database were taken from the stream.</summary>
    public void TakeBlob(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, BlobBytesNext);
        BlobBytesNext -= bytes;
        if (bytes > 0 && BlobBytesNext == 0)
        {
            EndField();
        }
    }

    private int TakeFrameHeader(byte next)
    {
        _frameHeader[_frameHeaderBytes++] = next;
        if (_frameHeaderBytes == _frameHeader.Length)
        {
            _frameHeaderBytes = 0;
            _messageBytesLeft = GrpcFrame.ReadHeader(_frameHeader);
            _blobSeen = false;
            EndField();
        }

        return 1;
    }

    private int TakeSkipped(int available)
    {
        int bytes = Math.Min(available, _skipBytesLeft);
        _skipBytesLeft -= bytes;
        if (_skipBytesLeft == 0)
        {
            EndField();
        }

        return bytes;
    }

    private int TakeVarint(byte next)
    {
        Count(bytes: 1);
        if (_varintBits >= VarintBitsMax)
        {
            throw Malformed("a number has more than 64 bits");
        }

        _varint |= (next & 0x7FUL) << _varintBits;
        _varintBits += 7;
        if (next >= 0x80)
        {
            return _messageBytesLeft > 0 ? 1 : throw Malformed("it ends within a number");
        }

        ulong value = _varint;
        (_varint, _varintBits) = (0, 0);
        switch (_expect)
        {
            case Expect.Tag:
                BeginField(value);
                break;
            case Expect.Length:
                BeginBytes(value);
                break;
            default:
                RemainingBytes = _field == RemainingBytesField ? value : RemainingBytes;
                EndField();
                break;
        }

        return 1;
    }

    /// <summary>A tag is the field's number and, in its low three bits, how its value is encoded.</summary>
    private void BeginField(ulong tag)
    {
        if (tag >> 3 is 0 or > int.MaxValue)
        {
            throw Malformed($"{tag >> 3} is not the number of a field");
        }

        _field = (int)(tag >> 3);
        int wireType = (int)(tag & 7);
        if ((_field == RemainingBytesField && wireType != 0) || (_field == BlobField && wireType != 2))
        {
            throw Malformed($"field {_field} has the wrong wire type {wireType}");
        }

        switch (wireType)
        {
            case 0:
                _expect = RequireMore(Expect.Number);
                break;
            case 1:
                Skip(sizeof(ulong));
                break;
            case 2:
                _expect = RequireMore(Expect.Length);
                break;
            case 5:
                Skip(sizeof(uint));
                break;
            default:
                throw Malformed($"field {_field} has the unknown wire type {wireType}");
        }
    }

    private void BeginBytes(ulong length)
    {
        if (length > (ulong)_messageBytesLeft)
        {
            throw Malformed($"field {_field} of {length} bytes is longer than the rest of it");
        }

        if (_field != BlobField)
        {
            Skip((int)length);
            return;
        }

        if (_blobSeen)
        {
            // Protobuf keeps the last, a stream could only append: nothing that etcd sends, so nothing to guess about.
            throw Malformed("it has more than one blob");
        }

        _blobSeen = true;
        Count((int)length);
        BlobBytesNext = (int)length;
        _expect = Expect.Blob;
        if (length == 0)
        {
            EndField();
        }
    }

    private void Skip(int bytes)
    {
        Count(bytes);
        _skipBytesLeft = bytes;
        _expect = Expect.Skipped;
        if (bytes == 0)
        {
            EndField();
        }
    }

    private void Count(int bytes)
    {
        if (bytes > _messageBytesLeft)
        {
            throw Malformed($"field {_field} is longer than the rest of it");
        }

        _messageBytesLeft -= bytes;
    }

    private Expect RequireMore(Expect next) =>
        _messageBytesLeft > 0 ? next : throw Malformed($"it ends within field {_field}");

    private void EndField() => _expect = _messageBytesLeft > 0 ? Expect.Tag : Expect.FrameHeader;

    private static GrpcException Malformed(string why) =>
        new(GrpcStatusCode.Internal, $"a message of the snapshot stream is damaged: {why}");
}
