using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Imports;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Imports;

/// <summary>An input is recognized by its first bytes.</summary>
public sealed class InputFormatTests
{
    public static TheoryData<string, ImportPacking> Packings => new()
    {
        { "1F8B0800", ImportPacking.Gzip },
        { "7801ABCD", ImportPacking.Zlib },
        { "785EABCD", ImportPacking.Zlib },
        { "789CABCD", ImportPacking.Zlib },
        { "78DAABCD", ImportPacking.Zlib },
        { "504B0304", ImportPacking.Zip },
        { "28B52FFD00", ImportPacking.Zstd },
        { "502A4D1800", ImportPacking.Zstd },
        { "5F2A4D1800", ImportPacking.Zstd },
    };

    public static TheoryData<string, string> Others => new()
    {
        { "", "is empty" },
        { "00000000", "is not an etcd snapshot" },
        { "7B226B22", "is not an etcd snapshot" },
        { "FD377A585A00", "in the format of xz" },
        { "425A6839", "in the format of bzip2" },
        { "04224D18", "in the format of lz4" },
        { "1F9D90", "in the format of compress" },
        { "6167652D656E6372797074696F6E2E6F72672F7631", "in the format of age" },
    };

    [Theory]
    [MemberData(nameof(Packings))]
    public void A_packed_input_is_recognized(string head, ImportPacking packing) =>
        Assert.Equal(packing, InputFormat.Recognize(Convert.FromHexString(head), "it").Packing);

    [Theory]
    [MemberData(nameof(Others))]
    public void Another_input_is_refused_with_what_it_is(string head, string why)
    {
        BackupException e = Assert.Throws<BackupException>(
            () => InputFormat.Recognize(Convert.FromHexString(head), "it"));
        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_is_recognized_by_either_half_of_its_first_page()
    {
        byte[] head = new byte[100];
        head[8] = 4;
        Assert.Null(InputFormat.Recognize(head, "it").Packing);

        byte[] damaged = new byte[100];
        damaged[0] = 9;
        new byte[] { 0xED, 0xDA, 0x0C, 0xED }.CopyTo(damaged, 16);
        Assert.Null(InputFormat.Recognize(damaged, "it").Packing);
    }

    [Fact]
    public void A_tar_archive_is_named()
    {
        byte[] head = new byte[512];
        head[0] = (byte)'a';
        "ustar"u8.CopyTo(head.AsSpan(257));
        Assert.Contains(
            "tar archive",
            Assert.Throws<BackupException>(() => InputFormat.Recognize(head, "it")).Message,
            StringComparison.Ordinal);
    }
}
