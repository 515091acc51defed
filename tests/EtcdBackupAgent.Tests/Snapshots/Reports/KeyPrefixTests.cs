using System.Text;
using EtcdBackupAgent.Snapshots.Reports;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Reports;

public sealed class KeyPrefixTests
{
    [Theory]
    [InlineData("/registry/pods/kube-system/etcd-0", "/registry/pods")]
    [InlineData("/registry/minions/node-1", "/registry/minions")]
    [InlineData("/registry/services/specs/default/kubernetes", "/registry/services/specs")]
    [InlineData("/registry/services/endpoints/default/kubernetes", "/registry/services/endpoints")]
    [InlineData("/registry/apiregistration.k8s.io/apiservices/v1.", "/registry/apiregistration.k8s.io/apiservices")]
    [InlineData("/registry/health", "/registry")]
    [InlineData("/registry/", "/registry")]
    [InlineData("/registry", "/")]
    [InlineData("/kubernetes.io/secrets/a/b", "/kubernetes.io/secrets")]
    [InlineData("/coreos.com/network/config", "/coreos.com")]
    [InlineData("tables/1/2", "tables")]
    [InlineData("key", "")]
    [InlineData("/key", "/")]
    [InlineData("//x", "/")]
    [InlineData("/", "/")]
    [InlineData("", "")]
    public void A_key_has_the_prefix_of_its_kind(string key, string prefix) =>
        Assert.Equal(prefix, Encoding.UTF8.GetString(KeyPrefix.Of(Encoding.UTF8.GetBytes(key))));

    [Fact]
    public void A_long_prefix_is_truncated() =>
        Assert.Equal(KeyPrefix.BytesMax, KeyPrefix.Of(Encoding.UTF8.GetBytes(new string('x', 5000) + "/y")).Length);

    [Fact]
    public void Bytes_that_are_not_printable_are_shown_as_numbers() =>
        Assert.Equal(@"/a\x1b\x5c\xff", KeyPrefix.Text([(byte)'/', (byte)'a', 0x1b, (byte)'\\', 0xff]));

    [Fact]
    public void Prefixes_beyond_the_limit_are_summed_together()
    {
        PrefixTable table = new(prefixesMax: 2);
        foreach (string key in new[] { "/a/1", "/b/1", "/c/1", "/d/1", "/a/2" })
        {
            table.Add(Encoding.UTF8.GetBytes(key), 1, 10);
        }

        Assert.Equal([("/a", 2L, 20L), ("/b", 1L, 10L)], table.Reports().Select(p => (p.Prefix, p.LiveKeys, p.Bytes)));
        Assert.Equal((2L, 2L, 20L), (table.Others!.LiveKeys, table.Others.Revisions, table.Others.Bytes));
    }
}
