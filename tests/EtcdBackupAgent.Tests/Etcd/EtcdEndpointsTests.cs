using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd;

public sealed class EtcdEndpointsTests
{
    [Theory]
    [InlineData("https://127.0.0.1:2379", "https://127.0.0.1:2379")]
    [InlineData("http://etcd-0.etcd:2379/", "http://etcd-0.etcd:2379")]
    [InlineData(" https://a:1 , https://b:2 ", "https://a:1 https://b:2")]
    [InlineData("HTTPS://Host.Example:2379", "https://host.example:2379")]
    [InlineData("https://[::1]:2379", "https://[::1]:2379")]
    [InlineData("https://[::1]", "https://[::1]:2379")]
    [InlineData("https://host", "https://host:2379")]
    [InlineData("https://host:443", "https://host:443")]
    [InlineData("http://host:80/", "http://host:80")]
    public void Endpoints_are_read_and_shown(string text, string shown) =>
        Assert.Equal(shown, string.Join(' ', EtcdEndpoints.Parse(text).Select(EtcdEndpoints.Display)));

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("10.0.0.1:2379", "it is not a URL such as")]
    [InlineData("localhost:2379", "it is not a URL such as")]
    [InlineData("https://", "it is not a URL such as")]
    [InlineData("unix:///run/etcd", "does not start with https:// or http://")]
    [InlineData("https://host:2379/v3", "it has a path or query")]
    [InlineData("https://host:2379?x", "it has a path or query")]
    [InlineData("https://host:2379#x", "it has a path or query")]
    [InlineData("https://host:2379/../", "it has a path or query")]
    [InlineData("https://010.0.0.1:2379", "it has a host that is neither")]
    [InlineData("https://127.1:2379", "it has a host that is neither")]
    [InlineData("https://h%6fst:2379", "it has a host that is neither")]
    [InlineData("https://host:0", "it has a port that is not")]
    [InlineData("https://a:1,", "nothing before or after one of its commas")]
    [InlineData("https://a:1,,https://b:2", "nothing before or after one of its commas")]
    public void An_invalid_endpoint_is_refused_with_the_cause(string text, string why)
    {
        BackupException e = Assert.Throws<BackupException>(() => EtcdEndpoints.Parse(text));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains($"'{text}'", e.Message, StringComparison.Ordinal);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_in_a_url_is_refused_and_not_shown()
    {
        BackupException e = Assert.Throws<BackupException>(() => EtcdEndpoints.Parse("https://root:s3cret@host:2379"));

        Assert.DoesNotContain("s3cret", e.Message, StringComparison.Ordinal);
        Assert.Contains("https://host:2379", e.Message, StringComparison.Ordinal);
    }
}
