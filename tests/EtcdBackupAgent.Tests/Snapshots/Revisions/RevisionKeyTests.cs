using EtcdBackupAgent.Snapshots.Revisions;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Revisions;

public sealed class RevisionKeyTests
{
    [Theory]
    [InlineData("00000000000000035f0000000000000000", 3, 0, false)]
    [InlineData("00000000000001005f000000000000000274", 256, 2, true)]
    [InlineData("7fffffffffffffff5f7fffffffffffffff", long.MaxValue, long.MaxValue, false)]
    public void A_key_is_read_and_written_as_etcd_stores_it(string hex, long main, long sub, bool isTombstone)
    {
        Assert.True(RevisionKey.TryRead(Convert.FromHexString(hex), out RevisionKey key));
        Assert.Equal(new RevisionKey(new Revision(main, sub), isTombstone), key);
        byte[] written = new byte[RevisionKey.TombstoneSizeBytes];
        Assert.Equal(hex, Convert.ToHexStringLower(written.AsSpan(0, key.Write(written))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000000000000035f00000000000000")]
    [InlineData("00000000000000035f000000000000000075")]
    [InlineData("00000000000000035f00000000000000007474")]
    [InlineData("00000000000000032d0000000000000000")]
    [InlineData("80000000000000035f0000000000000000")]
    [InlineData("00000000000000035f8000000000000000")]
    public void A_key_that_is_not_a_revision_is_refused(string hex) =>
        Assert.False(RevisionKey.TryRead(Convert.FromHexString(hex), out _));
}
