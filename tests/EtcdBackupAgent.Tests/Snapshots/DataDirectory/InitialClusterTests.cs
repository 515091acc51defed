using EtcdBackupAgent.Snapshots.DataDirectory;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.DataDirectory;

public sealed class InitialClusterTests
{
    [Fact]
    public void Members_are_sorted_by_name_and_their_URLs_by_bytes()
    {
        InitialCluster cluster = InitialCluster.Parse(
            "n2=https://b:2380,n1=https://[fe80::1]:2380,n2=https://B:2380,,n2= HTTP://a:2380 ,");

        Assert.Equal("n1=https://[fe80::1]:2380,n2=http://a:2380,n2=https://B:2380,n2=https://b:2380", cluster.ToString());
        Assert.Equal(["n1", "n2"], cluster.Members.Select(member => member.Name));
    }

    [Theory]
    [InlineData("", "'' names no member")]
    [InlineData(",", "',' names no member")]
    [InlineData("n1", "'n1' is not of the form NAME=URL.")]
    [InlineData("n1=http://a:1,https://b:2", "'https://b:2' is not of the form NAME=URL.")]
    [InlineData("=http://a:1", "'=http://a:1' has no member's name")]
    [InlineData("n1=http://a:1, n2=http://b:1", "' n2=http://b:1' has no member's name before the '=', without spaces.")]
    [InlineData("n1=", "'' is no peer URL")]
    [InlineData("n1=a:2380", "'a:2380' is no peer URL")]
    [InlineData("n1=unix://a:1", "'unix://a:1' is no peer URL")]
    [InlineData("n1=http://a", "'http://a' is no peer URL")]
    [InlineData("n1=http://a:1/", "'http://a:1/' is no peer URL")]
    [InlineData("n1=http://u@a:1", "'http://u@a:1' is no peer URL")]
    [InlineData("n1=http://fe80::1:2380", "'http://fe80::1:2380' is no peer URL")]
    [InlineData("n1=http://a:0", "has the port 0")]
    [InlineData("n1=http://a:65536", "has the port 65536, and ports are 1 to 65535.")]
    [InlineData("n1=http://a:99999999999", "has the port 99999999999")]
    public void The_part_that_is_wrong_is_named(string text, string message)
    {
        FormatException e = Assert.Throws<FormatException>(() => InitialCluster.Parse(text));

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
