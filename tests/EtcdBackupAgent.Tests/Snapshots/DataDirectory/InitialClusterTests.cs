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

        Assert.Equal(
            "n1=https://[fe80::1]:2380,n2=http://a:2380,n2=https://B:2380,n2=https://b:2380", cluster.ToString());
        Assert.Equal(["n1", "n2"], cluster.Members.Select(member => member.Name));
    }

    [Theory]
    [InlineData("", "'' contains no member")]
    [InlineData(",", "',' contains no member")]
    [InlineData("n1", "'n1' does not have the form NAME=URL.")]
    [InlineData("n1=http://a:1,https://b:2", "'https://b:2' does not have the form NAME=URL.")]
    [InlineData("=http://a:1", "'=http://a:1' must have a member name")]
    [InlineData(
        "n1=http://a:1, n2=http://b:1", "' n2=http://b:1' must have a member name without spaces before the '='.")]
    [InlineData("n1=", "'' is not a peer URL")]
    [InlineData("n1=a:2380", "'a:2380' is not a peer URL")]
    [InlineData("n1=unix://a:1", "'unix://a:1' is not a peer URL")]
    [InlineData("n1=http://a", "'http://a' is not a peer URL")]
    [InlineData("n1=http://a:1/", "'http://a:1/' is not a peer URL")]
    [InlineData("n1=http://u@a:1", "'http://u@a:1' is not a peer URL")]
    [InlineData("n1=http://fe80::1:2380", "'http://fe80::1:2380' is not a peer URL")]
    [InlineData("n1=http://a:0", "has the port 0")]
    [InlineData("n1=http://a:65536", "has the port 65536; a port must be from 1 to 65535.")]
    [InlineData("n1=http://a:99999999999", "has the port 99999999999")]
    public void The_invalid_part_is_named(string text, string message)
    {
        FormatException e = Assert.Throws<FormatException>(() => InitialCluster.Parse(text));

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
