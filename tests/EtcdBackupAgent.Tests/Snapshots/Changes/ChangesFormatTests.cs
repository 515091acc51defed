using System.Security.Cryptography;
using EtcdBackupAgent.Snapshots.Changes;
using EtcdBackupAgent.Snapshots.Encoded;
using EtcdBackupAgent.Tests.Snapshots.Bolt;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Changes;

/// <summary>The bytes of a tiny database, written by hand from <c>docs/spec/increments.md</c>.</summary>
public sealed class ChangesFormatTests
{
    private const string PutA = "0a016b 1002 1802 2001 2a0178";
    private const string PutB = "0a016b 1005 1805 2001 2a0179";
    private const string Deletion = "0a016b";

    private static readonly (byte[] Key, byte[] Value)[] Kept =
    [
        (Hex("0000000000000002 5f 0000000000000000"), Hex(PutA)),
        (Hex("0000000000000002 5f 0000000000000001 74"), Hex(Deletion)),
        (Hex("0000000000000003 5f 0000000000000000"), Hex(PutA)),
    ];

    private static readonly (byte[] Key, byte[] Value)[] Added =
    [
        (Hex("0000000000000005 5f 0000000000000000"), Hex(PutB)),
        (Hex("0000000000000005 5f 0000000000000002 74"), Hex(Deletion)),
    ];

    [Fact]
    public async Task The_bytes_are_those_of_the_specification()
    {
        using WrittenDatabase file = new(
            4096, [new WrittenBucket("a", 300, [("k"u8.ToArray(), "v"u8.ToArray())]),
                new WrittenBucket("key", 1, [.. Kept, .. Added])]);
        using MemoryStream written = new();
        using ChangesWriter writer = new(file.Database, Databases.Identity(r0: 4), written);

        ChangesSummary summary = await writer.WriteAsync(CancellationToken.None);

        Assert.Equal(Convert.ToHexStringLower(Expected()), Convert.ToHexStringLower(written.ToArray()));
        Assert.Equal((3, 2, 5), (summary.KeptRecords, summary.NewRecords, summary.LastRevision));
    }

    [Fact]
    public async Task The_bytes_of_the_specification_are_restored()
    {
        (byte[] Key, byte[] Value) dropped = (Hex("0000000000000001 5f 0000000000000000"), Hex(PutA));
        using WrittenDatabase @base = new(
            1024, [new WrittenBucket("b", 0, []), new WrittenBucket("key", 7, [dropped, .. Kept])]);
        using MemoryStream changes = new(Expected());

        MergeSummary summary = await ChangesMerge.Open(@base.Pages, @base.SizeBytes, Databases.Identity(r0: 4))
            .CheckAsync(changes, CancellationToken.None);

        Assert.Equal((3, 2), (summary.KeptRecords, summary.NewRecords));
        Assert.Equal(Convert.ToHexStringLower(Content()), $"{summary.Content}");
    }

    [Theory]
    [InlineData(0UL, "00")]
    [InlineData(127UL, "7f")]
    [InlineData(128UL, "8001")]
    [InlineData(ulong.MaxValue, "ffffffffffffffffff01")]
    public void A_number_has_seven_bits_for_each_byte(ulong value, string hex)
    {
        byte[] bytes = new byte[Varint.BytesMax];

        int length = Varint.Write(bytes, value);

        Assert.Equal(hex, Convert.ToHexStringLower(bytes.AsSpan(0, length)));
        Assert.Equal(length, Varint.Read(bytes, out ulong read, out string? problem));
        Assert.Equal((value, null), (read, problem));
    }

    [Theory]
    [InlineData("", "ends inside")]
    [InlineData("ff", "ends inside")]
    [InlineData("8000", "more bytes than it needs")]
    [InlineData("ffffffffffffffffff02", "more than 64 bits")]
    [InlineData("ffffffffffffffffffff01", "more than 64 bits")]
    public void A_number_that_a_writer_does_not_write_is_refused(string hex, string expected)
    {
        Varint.Read(Convert.FromHexString(hex), out _, out string? problem);

        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    private static byte[] Expected()
    {
        byte[] bytes = Hex($"""
            65746364 63686731
            08 33663261 39633130
            11111111 11111111 11111111 11111111 11111111 11111111 11111111 11111111
            04
            8020
            01
            01
            01 61  ac02  01 6b 01 76  00
            09 02 05  00
            09 0c {PutB}  04 02 03 {Deletion}  00
            03
            02
            {Convert.ToHexString(Content())}
            """);
        return [.. bytes, .. SHA256.HashData(bytes)];
    }

    private static byte[] Content()
    {
        byte[] ofA = SHA256.HashData(Hex("01 6b 01 76"));
        byte[] ofKey = SHA256.HashData(Hex($"""
            11 0000000000000002 5f 0000000000000000     0c {PutA}
            12 0000000000000002 5f 0000000000000001 74  03 {Deletion}
            11 0000000000000003 5f 0000000000000000     0c {PutA}
            11 0000000000000005 5f 0000000000000000     0c {PutB}
            12 0000000000000005 5f 0000000000000002 74  03 {Deletion}
            """));
        return SHA256.HashData(Hex(
            $"01 61 ac02 {Convert.ToHexString(ofA)} 03 6b6579 01 {Convert.ToHexString(ofKey)}"));
    }

    private static byte[] Hex(string text) =>
        Convert.FromHexString(string.Concat(text.Where(c => !char.IsWhiteSpace(c))));
}
