using EtcdBackupAgent.Snapshots.DataDirectory;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.DataDirectory;

public sealed class RestorePlanTests
{
    private static readonly RestorePlan Valid = new()
    {
        Name = "n2",
        Cluster = InitialCluster.Parse("n1=http://a:1,n2=http://b:1,n2=http://b:2"),
        Token = "etcd-cluster",
        AdvertisePeerUrls = ["http://b:2", "HTTP://b:1"],
        RevisionBump = 1,
    };

    [Fact]
    public void URLs_may_be_given_in_any_order() => Valid.Validate();

    [Fact]
    public void A_name_that_is_not_in_the_cluster_is_refused_with_the_valid_names() => AssertRefused(
        Valid with { Name = "n3" },
        "--name 'n3' is not in --initial-cluster, which has 'n1', 'n2'.");

    [Fact]
    public void URLs_that_differ_from_those_of_the_member_are_refused_with_both() => AssertRefused(
        Valid with { AdvertisePeerUrls = ["http://b:1"] },
        "--initial-advertise-peer-urls is http://b:1, but --initial-cluster has http://b:1,http://b:2 for 'n2'; "
        + "both must be the same.");

    [Fact]
    public void A_URL_of_the_wrong_form_is_refused_with_its_flag() => AssertRefused(
        Valid with { AdvertisePeerUrls = ["b:1"] },
        "--initial-advertise-peer-urls: 'b:1' is not a peer URL: expected http:// or https://, a host, a colon "
        + "and a port, without a path.");

    [Theory]
    [InlineData("n2=http://b:1,n2=http://b:1")]
    [InlineData("n1=http://b:1,n2=http://b:1")]
    public void A_URL_of_two_members_is_refused(string cluster) => AssertRefused(
        Valid with { Cluster = InitialCluster.Parse(cluster), AdvertisePeerUrls = ["http://b:1"] },
        "--initial-cluster has http://b:1 more than once; each URL must belong to one member.");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_bump_that_is_not_positive_is_refused(long bump) => AssertRefused(
        Valid with { RevisionBump = bump }, $"--bump-revision is {bump}, but must be 1 or more.");

    private static void AssertRefused(RestorePlan plan, string message) =>
        Assert.Equal(message, Assert.Throws<ArgumentException>(plan.Validate).Message);
}
