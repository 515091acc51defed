using EtcdBackupAgent.Snapshots.DataDirectory;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.DataDirectory;

public sealed class RestorePlanTests
{
    private static readonly RestorePlan Fits = new()
    {
        Name = "n2",
        Cluster = InitialCluster.Parse("n1=http://a:1,n2=http://b:1,n2=http://b:2"),
        Token = "etcd-cluster",
        AdvertisePeerUrls = ["http://b:2", "HTTP://b:1"],
        RevisionBump = 1,
    };

    [Fact]
    public void URLs_may_be_told_in_any_order() => Fits.Validate();

    [Fact]
    public void A_name_that_is_not_in_the_cluster_is_refused_with_those_that_are() => AssertRefused(
        Fits with { Name = "n3" },
        "--name 'n3' is not in --initial-cluster, which has 'n1', 'n2'.");

    [Fact]
    public void URLs_that_are_not_the_members_are_refused_with_both() => AssertRefused(
        Fits with { AdvertisePeerUrls = ["http://b:1"] },
        "--initial-advertise-peer-urls is http://b:1, and --initial-cluster has for 'n2' http://b:1,http://b:2; "
        + "both must be the same.");

    [Fact]
    public void A_URL_of_the_wrong_form_is_refused_with_its_flag() => AssertRefused(
        Fits with { AdvertisePeerUrls = ["b:1"] },
        "--initial-advertise-peer-urls: 'b:1' is no peer URL; one is http:// or https://, a host, a colon and a port, "
        + "without a path.");

    [Theory]
    [InlineData("n2=http://b:1,n2=http://b:1")]
    [InlineData("n1=http://b:1,n2=http://b:1")]
    public void A_URL_belongs_to_one_member(string cluster) => AssertRefused(
        Fits with { Cluster = InitialCluster.Parse(cluster), AdvertisePeerUrls = ["http://b:1"] },
        "--initial-cluster has http://b:1 more than once; every URL belongs to one member.");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_bump_goes_forward(long bump) => AssertRefused(
        Fits with { RevisionBump = bump }, $"--bump-revision is {bump}, and must be 1 or more.");

    private static void AssertRefused(RestorePlan plan, string message) =>
        Assert.Equal(message, Assert.Throws<ArgumentException>(plan.Validate).Message);
}
