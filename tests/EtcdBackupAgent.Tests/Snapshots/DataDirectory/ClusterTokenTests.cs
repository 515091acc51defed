using EtcdBackupAgent.Snapshots.DataDirectory;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.DataDirectory;

public sealed class ClusterTokenTests
{
    private static readonly byte[] Database = [.. Enumerable.Repeat((byte)0xAB, 32)];

    private static readonly RestorePlan First = new()
    {
        Name = "n1",
        Cluster = InitialCluster.Parse("n1=http://a:1,n2=http://b:1"),
        AdvertisePeerUrls = ["http://a:1"],
        RevisionBump = 1_000_000_000,
    };

    [Fact]
    public void All_members_of_one_restore_derive_the_same_token()
    {
        RestorePlan second = First with { Name = "n2", AdvertisePeerUrls = ["http://b:1"] };

        // printf '%s\n' "$(printf 'ab%.0s' {1..32})" 1000000000 2147483648 | sha256sum | cut -c 1-16
        Assert.Equal("restored-b32ac721db5405b5", ClusterToken.Derive(Database, First));
        Assert.Equal(ClusterToken.Derive(Database, First), ClusterToken.Derive(Database, second));
    }

    [Fact]
    public void Different_directories_never_become_one_cluster()
    {
        string[] tokens =
        [
            ClusterToken.Derive(Database, First),
            ClusterToken.Derive([.. Database[1..], 0xAC], First),
            ClusterToken.Derive(Database, First with { RevisionBump = 1 }),
            ClusterToken.Derive(Database, First with { RevisionBump = null }),
            ClusterToken.Derive(Database, First with { QuotaBackendBytes = 1 }),
        ];

        Assert.Equal(tokens.Length, tokens.Distinct().Count());
    }

    [Fact]
    public void A_cluster_of_one_never_gets_the_same_ids_twice()
    {
        RestorePlan alone = First with { Cluster = InitialCluster.Parse("n1=http://a:1") };
        string one = ClusterToken.Derive(Database, alone);
        string two = ClusterToken.Derive(Database, alone);

        Assert.All(
            [one, two], token => Assert.Matches($"^{ClusterToken.Derive(Database, First)}-[0-9a-f]{{8}}$", token));
        Assert.NotEqual((alone with { Token = one }).Ids().ClusterId, (alone with { Token = two }).Ids().ClusterId);
    }

    [Fact]
    public void Without_a_token_there_are_no_ids() => Assert.Throws<InvalidOperationException>(First.Ids);

    [Theory]
    [InlineData("", true)]
    [InlineData("etcd-cluster", true)]
    [InlineData("etcd-cluster-1", false)]
    public void Common_tokens_are_recognized(string token, bool common) =>
        Assert.Equal(common, ClusterToken.IsCommon(token));
}
