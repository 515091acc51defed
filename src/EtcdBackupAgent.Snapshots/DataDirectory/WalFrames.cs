using System.Buffers;
using System.Buffers.Binary;
using EtcdBackupAgent.Snapshots.Encoded;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// Writes the records of a write-ahead log, starting with the first. A frame is the length of the record in 8 bytes,
/// little-endian, the record, and zeros up to a multiple of 8. The highest byte of the length has the number of these
/// zeros. Every record has the CRC-32C of all data up to and including it. Source: etcd's <c>server/wal/encoder.go</c>.
/// </summary>
internal sealed class WalFrames
{
    private const int AlignmentBytes = 8;
    private const byte PaddingFlag = 0x80;

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private Crc32C _checksum;

    public void Add(WalRecord type, byte[]? data)
    {
        _checksum.Append(data);
        ProtobufWriter record = new ProtobufWriter().Number(1, (ulong)type).Number(2, _checksum.Value);
        byte[] bytes = (data is null ? record : record.Bytes(3, data)).ToArray();
        int padding = (AlignmentBytes - (bytes.Length % AlignmentBytes)) % AlignmentBytes;
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteInt64LittleEndian(length, bytes.Length);
        length[^1] = padding > 0 ? (byte)(PaddingFlag | padding) : (byte)0;
        _bytes.Write(length);
        _bytes.Write(bytes);
        _bytes.Write(new byte[padding]);
    }

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
}

/// <summary>The types of records, with etcd's numbers.</summary>
internal enum WalRecord
{
    None = 0,
    Metadata = 1,
    Entry = 2,
    State = 3,

    /// <summary>The start value of the checksum.</summary>
    Checksum = 4,

    /// <summary>A mark: there is a snapshot up to this entry.</summary>
    Snapshot = 5,
}
