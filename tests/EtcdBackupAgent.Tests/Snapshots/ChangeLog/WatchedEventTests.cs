using EtcdBackupAgent.Snapshots.ChangeLog;
using EtcdBackupAgent.Snapshots.Revisions;
using Google.Protobuf;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.ChangeLog;

public sealed class WatchedEventTests
{
    private const int FuzzRounds = 20_000;

    [Fact]
    public void A_put_keeps_the_received_bytes()
    {
        byte[] received = KeyValue(key: "a"u8.ToArray(), modRevision: 7, value: "value"u8.ToArray());

        StoredRecord record = Read(isDeletion: false, received);

        Assert.Equal((7, 0, false), (record.Main, record.Sub, record.IsTombstone));
        Assert.Equal(received, record.Value.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0x7F)]
    [InlineData(0x80)]
    [InlineData(0x3FFF)]
    [InlineData(0x4000)]
    [InlineData(0x20_0000)]
    public void A_tombstone_contains_only_the_key(int keyBytes)
    {
        byte[] key = new byte[keyBytes];
        new Random(keyBytes).NextBytes(key);

        StoredRecord record = Read(isDeletion: true, KeyValue(key, modRevision: long.MaxValue));

        Assert.Equal((long.MaxValue, 0, true), (record.Main, record.Sub, record.IsTombstone));
        Assert.Equal(KeyValue(key, modRevision: 0), record.Value.ToArray());
    }

    public static TheoryData<byte[], string> DamagedEvents => new()
    {
        { [], "it has no key" },
        { KeyValue([], modRevision: 7), "it has no key" },
        { KeyValue([1], modRevision: 0), "it has the revision 0" },
        { KeyValue([1], modRevision: -5), "it has the revision -5" },
        { [0x0A, 0x02, 0x01], "it is not a key-value record: field 1 reaches past its end" },
        { [0x0A], "it is not a key-value record: it ends inside a number" },
        { [0x08, 0x01], "it is not a key-value record: field 1 has the wrong wire type 0" },
    };

    [Theory]
    [MemberData(nameof(DamagedEvents))]
    public void A_damaged_event_is_refused_with_the_reason(byte[] keyValue, string expected)
    {
        Assert.False(WatchedEvent.TryRead(isDeletion: false, keyValue, out _, out string? put));
        Assert.False(WatchedEvent.TryRead(isDeletion: true, keyValue, out _, out string? deletion));
        Assert.Equal((expected, expected), (put, deletion));
    }

    [Fact]
    public void Random_damage_gives_a_record_that_can_be_stored_or_a_problem()
    {
        Random random = new(1);
        int accepted = 0;
        for (int round = 0; round < FuzzRounds; round++)
        {
            byte[] bytes = KeyValue(Bytes(random, 20), random.NextInt64(), Bytes(random, 40));
            for (int damage = random.Next(4); damage > 0; damage--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            if (random.Next(3) == 0)
            {
                bytes = bytes[..random.Next(bytes.Length)];
            }

            bool isDeletion = random.Next(2) == 0;
            if (!WatchedEvent.TryRead(isDeletion, bytes, out StoredRecord record, out string? problem))
            {
                Assert.NotNull(problem);
                continue;
            }

            accepted++;
            Assert.True(record.Main > 0);
            Assert.True(KeyValueRecord.TryRead(bytes, out KeyValueRecord received, out _));
            Assert.True(KeyValueRecord.TryRead(record.Value.Span, out KeyValueRecord stored, out _));
            Assert.Equal(received.Key, stored.Key);
            Assert.Equal(isDeletion ? 0 : record.Main, stored.ModRevision);
        }

        Assert.InRange(accepted, FuzzRounds / 10, FuzzRounds * 9 / 10);
    }

    /// <summary>A key-value as etcd encodes it: in the order of the fields, without zeros.</summary>
    private static byte[] KeyValue(byte[] key, long modRevision, byte[]? value = null)
    {
        using MemoryStream stream = new();
        using CodedOutputStream output = new(stream);
        if (key.Length > 0)
        {
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(key));
        }

        if (modRevision != 0)
        {
            output.WriteTag(3, WireFormat.WireType.Varint);
            output.WriteInt64(modRevision);
        }

        if (value is not null)
        {
            output.WriteTag(5, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(value));
        }

        output.Flush();
        return stream.ToArray();
    }

    private static byte[] Bytes(Random random, int countMax)
    {
        byte[] bytes = new byte[random.Next(1, countMax)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static StoredRecord Read(bool isDeletion, byte[] keyValue)
    {
        Assert.True(WatchedEvent.TryRead(isDeletion, keyValue, out StoredRecord record, out string? problem), problem);
        return record;
    }
}
