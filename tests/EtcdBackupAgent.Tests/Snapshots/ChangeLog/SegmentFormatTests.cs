using System.Security.Cryptography;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.ChangeLog;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.ChangeLog;

/// <summary>The bytes of a small segment, written by hand from <c>docs/spec/change-log.md</c>.</summary>
public sealed class SegmentFormatTests
{
    private const string Put = "0a016b 1007 1807 2001 2a0178";
    private const string Deletion = "0a016b";

    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeMilliseconds(1_000);

    [Fact]
    public void The_bytes_are_those_of_the_specification()
    {
        Assert.Equal(Convert.ToHexStringLower(Expected()), Convert.ToHexStringLower(Write()));
    }

    [Fact]
    public async Task The_bytes_of_the_specification_are_read()
    {
        List<string> items = [];
        using SegmentReader reader =
            await SegmentReader.OpenAsync(new MemoryStream(Expected()), CancellationToken.None);
        while (await reader.MoveNextAsync(CancellationToken.None))
        {
            items.Add(reader.Item switch
            {
                LogItem.Received => $"received {reader.Time.ToUnixTimeMilliseconds()} {reader.IsCatchUp}",
                LogItem.Mark => $"mark {reader.Mark.Time.ToUnixTimeMilliseconds()} {reader.Mark.Revision}",
                LogItem.Lease => $"{reader.Lease}",
                _ => $"{Convert.ToHexStringLower(reader.Key)}={Convert.ToHexStringLower(reader.Value)}",
            });
        }

        Assert.Equal(
            [
                "received 1300 True",
                "0000000000000007" + "5f" + "0000000000000000=" + Hex(Put),
                "0000000000000007" + "5f" + "0000000000000001" + "74=" + Hex(Deletion),
                "LogLease { Id = 1, TtlSeconds = 300, IsGone = False }",
                "0000000000000008" + "5f" + "0000000000000000" + "74=" + Hex(Deletion),
                "mark 1428 7",
            ],
            items);
        Assert.Equal(8, reader.LastRevision);
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(Convert.FromHexString(
                "00000000000000085f000000000000000074" + Hex(Deletion))))[..ResumeDigest.TextLength],
            $"{reader.LastRecord}");
    }

    [Fact]
    public async Task A_change_of_any_bit_is_refused()
    {
        byte[] bytes = Expected();
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            byte[] changed = [.. bytes];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));

            await Assert.ThrowsAsync<SnapshotDamagedException>(() => ReadAsync(changed));
        }
    }

    [Fact]
    public async Task A_segment_that_ends_early_or_late_is_refused()
    {
        byte[] bytes = Expected();
        for (int length = 0; length < bytes.Length; length++)
        {
            await Assert.ThrowsAsync<SnapshotDamagedException>(() => ReadAsync(bytes[..length]));
        }

        await Assert.ThrowsAsync<SnapshotDamagedException>(() => ReadAsync([.. bytes, 0]));
    }

    [Fact]
    public async Task Random_items_are_refused_and_never_read_as_revisions_with_a_hole()
    {
        Random random = new(7);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] items = new byte[random.Next(40)];
            random.NextBytes(items);
            for (int kind = 0; kind < items.Length; kind += 3)
            {
                items[kind] %= 9;
            }

            await Assert.ThrowsAsync<SnapshotDamagedException>(() => ReadAsync([.. Header(), .. items]));
        }
    }

    [Fact]
    public void A_record_that_does_not_follow_is_refused()
    {
        foreach ((long main, long sub) in new[] { (6L, 0L), (7L, 1L), (8L, 0L) })
        {
            SegmentWriter writer = New();
            writer.Receive(Start, isCatchUp: false);
            Assert.Throws<ArgumentException>(() => writer.Add(Record(main, sub, tombstone: false)));
        }

        SegmentWriter second = New();
        second.Receive(Start, isCatchUp: false);
        second.Add(Record(7, 0, tombstone: false));
        Assert.Throws<ArgumentException>(() => second.Add(Record(7, 2, tombstone: false)));
        Assert.Throws<ArgumentException>(() => second.Add(Record(8, 1, tombstone: false)));
        Assert.Throws<ArgumentException>(() => second.Add(Record(9, 0, tombstone: false)));
        second.Add(Record(8, 0, tombstone: false));
    }

    [Fact]
    public void Times_never_go_back()
    {
        SegmentWriter writer = New();
        writer.Receive(Start.AddHours(1), isCatchUp: false);
        writer.Mark(new LogMark(Start.AddMinutes(1), 6));

        Assert.Equal(Start.AddHours(1), writer.LastTime);
    }

    [Fact]
    public void A_mark_above_the_last_revision_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => New().Mark(new LogMark(Start, 7)));

    [Theory]
    [InlineData("0123456789abcdef", true)]
    [InlineData("0123456789ABCDEF", false)]
    [InlineData("123456789abcdef", false)]
    [InlineData("+123456789abcdef", false)]
    public void A_digest_has_one_text(string text, bool isValid) =>
        Assert.Equal(isValid, ResumeDigest.TryParse(text, out _));

    private static async Task ReadAsync(byte[] bytes)
    {
        using SegmentReader reader = await SegmentReader.OpenAsync(new MemoryStream(bytes), CancellationToken.None);
        while (await reader.MoveNextAsync(CancellationToken.None))
        {
        }
    }

    private static SegmentWriter New() => new(
        new SegmentHeader
        {
            Lineage = "3f2a9c10",
            ClusterId = 0xcdf8_181e_3277_7d00,
            First = 7,
            Previous = new ResumeDigest(0x1122_3344_5566_7788),
            Start = Start,
        },
        new MemoryStream());

    private static byte[] Write()
    {
        using MemoryStream bytes = new();
        SegmentWriter writer = new(
            new SegmentHeader
            {
                Lineage = "3f2a9c10",
                ClusterId = 0xcdf8_181e_3277_7d00,
                First = 7,
                Previous = new ResumeDigest(0x1122_3344_5566_7788),
                Start = Start,
            },
            bytes);
        writer.Receive(Start.AddMilliseconds(300), isCatchUp: true);
        writer.Add(Record(7, 0, tombstone: false));
        writer.Add(Record(7, 1, tombstone: true));
        writer.Add(new LogLease(1, 300, IsGone: false));
        writer.Add(Record(8, 0, tombstone: true));
        writer.Mark(new LogMark(Start.AddMilliseconds(428), 7));
        writer.Finish();
        return bytes.ToArray();
    }

    private static StoredRecord Record(long main, long sub, bool tombstone) =>
        new(main, sub, tombstone, Convert.FromHexString(Hex(tombstone ? Deletion : Put)));

    private static byte[] Header() => Convert.FromHexString(Hex("""
        65746364 6c6f6731
        08 33663261 39633130
        cdf8181e 32777d00
        07
        11223344 55667788
        e807
        """));

    private static byte[] Expected()
    {
        byte[] bytes =
        [
            .. Header(),
            .. Convert.FromHexString(Hex($"""
                05 ac02 01
                03 0c {Put}
                02 03 {Deletion}
                07 0000000000000001 ac02 00
                04 03 {Deletion}
                06 8001 07
                00 08 03
                """)),
        ];
        return [.. bytes, .. SHA256.HashData(bytes)];
    }

    private static string Hex(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
}
