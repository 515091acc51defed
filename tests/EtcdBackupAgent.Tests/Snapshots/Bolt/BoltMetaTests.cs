using EtcdBackupAgent.Snapshots.Bolt;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

public sealed class BoltMetaTests
{
    [Theory]
    [InlineData(512)]
    [InlineData(4097)]
    [InlineData(1 << 25)]
    public void A_page_size_that_is_not_supported_is_refused_with_its_value(int pageSizeBytes)
    {
        byte[] page = new byte[BoltFormat.PageHeaderBytes + BoltFormat.MetaBytes + sizeof(ulong)];
        new BoltMeta
        {
            PageSizeBytes = pageSizeBytes,
            Root = 3,
            RootSequence = 0,
            Freelist = 2,
            HighWaterMark = 4,
            TransactionId = 1,
        }.Write(page.AsSpan(BoltFormat.PageHeaderBytes));

        Assert.Null(BoltMeta.Read(page, out string? problem));
        Assert.StartsWith($"its page size is {pageSizeBytes},", problem, StringComparison.Ordinal);
    }
}
