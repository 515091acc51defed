using System.Text;
using EtcdBackupAgent.Snapshots.Revisions;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Revisions;

public sealed class KeyValueRecordTests
{
    private static readonly byte[] Whole = new StoredRecord
    {
        Revision = new(300, 0),
        Key = "/a",
        Created = 7,
        Version = 5,
        Value = [1, 2, 3],
        Lease = -2,
    }.RawValue;

    [Fact]
    public void Every_field_is_read()
    {
        Assert.True(KeyValueRecord.TryRead(Whole, out KeyValueRecord record, out _));
        Assert.Equal("/a", Encoding.UTF8.GetString(record.Key));
        Assert.Equal((7, 300, 5, -2), (record.CreateRevision, record.ModRevision, record.Version, record.Lease));
        Assert.Equal([1, 2, 3], record.Value.ToArray());
    }

    [Fact]
    public void Fields_may_come_in_any_order_and_the_last_one_counts()
    {
        byte[] bytes = [.. StoredRecord.Number(4, 9), .. Whole, .. StoredRecord.Bytes(1, [0x62])];
        Assert.True(KeyValueRecord.TryRead(bytes, out KeyValueRecord record, out _));
        Assert.Equal("b", Encoding.UTF8.GetString(record.Key));
        Assert.Equal(5, record.Version);
    }

    /// <summary>
    /// Fields that etcd's decoder ignores: other fields of every type, nested groups, numbers in ten bytes.
    /// </summary>
    [Theory]
    [InlineData("")]
    [InlineData("3801")]
    [InlineData("390102030405060708")]
    [InlineData("3a0141")]
    [InlineData("3d01020304")]
    [InlineData("3b3c")]
    [InlineData("3b0801430a01ff443c")]
    [InlineData("20ffffffffffffffffff7f")]
    public void Unknown_fields_are_ignored(string hex)
    {
        byte[] bytes = [.. Convert.FromHexString(hex), .. StoredRecord.Bytes(1, [0x62])];
        Assert.True(KeyValueRecord.TryRead(bytes, out KeyValueRecord record, out string? problem), problem);
        Assert.Equal("b", Encoding.UTF8.GetString(record.Key));
    }

    [Theory]
    [InlineData("0801")] // the key as a number
    [InlineData("1001ff")] // truncated in a tag
    [InlineData("10ff")] // truncated in a number
    [InlineData("0a0541")] // longer than the message
    [InlineData("0affffffffffffffffff01")] // a negative length
    [InlineData("1080808080808080808080" + "01")] // a number of 11 bytes
    [InlineData("0001")] // field 0
    [InlineData("3c")] // the end of a group without its start
    [InlineData("3b")] // a group without an end
    [InlineData("3e")] // a type that does not exist
    [InlineData("3901")] // truncated in 8 bytes
    [InlineData("2001000000")] // field 0 after a valid one
    public void A_record_that_etcd_cannot_decode_is_refused(string hex)
    {
        Assert.False(KeyValueRecord.TryRead(Convert.FromHexString(hex), out _, out string? problem));
        Assert.NotNull(problem);
    }

    [Fact]
    public void Any_bytes_are_read_or_refused()
    {
        Random random = new(1);
        for (int i = 0; i < 200_000; i++)
        {
            byte[] bytes = [.. Whole];
            for (int changes = random.Next(4); changes >= 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            bytes = bytes[..random.Next(bytes.Length + 1)];
            bool isRead = KeyValueRecord.TryRead(bytes, out KeyValueRecord record, out string? problem);
            Assert.Equal(isRead, problem is null);
            Assert.True(!isRead || record.Key.Length + record.Value.Length <= bytes.Length);
        }
    }
}
