using System.Buffers.Binary;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.DataDirectory;

/// <summary>
/// A decoded protobuf message, and the decoder for the frames of a log. Written independently of the code under test.
/// </summary>
internal sealed class DecodedRecord
{
    private readonly List<(int Field, ulong Number, byte[]? Bytes)> _fields = [];

    /// <summary>The type of a record of a log.</summary>
    public ulong Type { get; private init; }

    /// <summary>Decodes the frames of a log, and asserts that lengths, padding and checksums are correct.</summary>
    public static List<DecodedRecord> All(byte[] log)
    {
        List<DecodedRecord> records = [];
        uint checksum = 0;
        int at = 0;
        while (at < log.Length)
        {
            long length = BinaryPrimitives.ReadInt64LittleEndian(log.AsSpan(at));
            int padding = length < 0 ? (int)((length >> 56) & 7) : 0;
            int bytes = (int)(length & 0x00ff_ffff_ffff_ffff);
            Assert.Equal(0, (bytes + padding) % 8);
            Assert.Equal(-1, log.AsSpan(at + 8 + bytes, padding).IndexOfAnyExcept((byte)0));
            DecodedRecord record = Of(log.AsSpan(at + 8, bytes));
            byte[] data = record._fields.Count > 2 ? record.Bytes(3) : [];
            checksum = Checksum(checksum, data);
            Assert.Equal((2, checksum), record.Numbers()[1]);
            records.Add(Of(data, record.Numbers()[0].Number));
            at += 8 + bytes + padding;
        }

        return records;
    }

    public static DecodedRecord Of(ReadOnlySpan<byte> message, ulong type = 0)
    {
        DecodedRecord record = new() { Type = type };
        while (!message.IsEmpty)
        {
            ulong tag = Varint(ref message);
            ulong number = Varint(ref message);
            if ((tag & 7) == 2)
            {
                record._fields.Add(((int)(tag >> 3), 0, message[..(int)number].ToArray()));
                message = message[(int)number..];
            }
            else
            {
                Assert.Equal(0UL, tag & 7);
                record._fields.Add(((int)(tag >> 3), number, null));
            }
        }

        return record;
    }

    /// <summary>Computes the CRC-32C bit by bit.</summary>
    public static uint Checksum(uint before, ReadOnlySpan<byte> bytes)
    {
        uint state = ~before;
        foreach (byte b in bytes)
        {
            state ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                state = (state & 1) == 1 ? (state >> 1) ^ 0x82F63B78 : state >> 1;
            }
        }

        return ~state;
    }

    /// <summary>Returns the fields that are numbers, in order.</summary>
    public List<(int Field, ulong Number)> Numbers() =>
        [.. _fields.Where(field => field.Bytes is null).Select(field => (field.Field, field.Number))];

    public byte[] Bytes(int field) =>
        _fields.Single(candidate => candidate.Field == field && candidate.Bytes is not null).Bytes!;

    public DecodedRecord Inner(int field) => Of(Bytes(field));

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        int shift = 0;
        byte next;
        do
        {
            next = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 0x7f) << shift;
            shift += 7;
        }
        while (next >= 0x80);
        return value;
    }
}
