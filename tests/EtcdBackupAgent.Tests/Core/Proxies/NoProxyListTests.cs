using EtcdBackupAgent.Core.Proxies;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Proxies;

/// <summary>The hosts that each form of NO_PROXY entry matches.</summary>
public sealed class NoProxyListTests
{
    [Theory]
    // Subnets, as kubeadm, RKE2 and OpenShift write them.
    [InlineData("10.0.0.0/8", "https://10.96.0.1", true)]
    [InlineData("10.0.0.0/8", "https://11.0.0.1", false)]
    [InlineData("10.1.2.3/8", "https://10.96.0.1", true)]
    [InlineData("172.16.0.0/12", "https://172.31.255.255:6443", true)]
    [InlineData("172.16.0.0/12", "https://172.32.0.0:6443", false)]
    [InlineData("192.168.1.7/32", "http://192.168.1.7", true)]
    [InlineData("0.0.0.0/0", "http://8.8.8.8", true)]
    [InlineData("fd00::/8", "https://[fd00:10:96::1]", true)]
    [InlineData("fd00::/8", "https://[2001:db8::1]", false)]
    [InlineData("fd00::/8", "https://10.0.0.1", false)]
    [InlineData("::ffff:10.0.0.1", "http://10.0.0.1", true)]
    [InlineData("10.0.0.0/8", "http://[::ffff:10.0.0.1]", true)]
    // A subnet does not match names, which are never resolved.
    [InlineData("0.0.0.0/0", "https://example.com", false)]
    [InlineData("10.0.0.0/33", "https://10.0.0.1", false)]
    [InlineData("10.0.0.0/x", "https://10.0.0.1", false)]
    // Everything.
    [InlineData("*", "https://example.com", true)]
    [InlineData("a.example, *", "https://10.0.0.1", true)]
    // Domains.
    [InlineData("example.com", "https://example.com", true)]
    [InlineData("example.com", "https://s3.eu.example.com", true)]
    [InlineData("example.com", "https://notexample.com", false)]
    [InlineData("example.com", "https://example.com.evil.org", false)]
    [InlineData(".example.com", "https://s3.example.com", true)]
    [InlineData(".example.com", "https://example.com", false)]
    [InlineData("*.example.com", "https://s3.example.com", true)]
    [InlineData("*.example.com", "https://example.com", false)]
    [InlineData("EXAMPLE.com", "https://S3.Example.COM", true)]
    [InlineData("example.com", "https://example.com.", true)]
    [InlineData("example.com.", "https://example.com", true)]
    [InlineData("bücher.example", "https://xn--bcher-kva.example", true)]
    [InlineData(".svc,.cluster.local", "https://minio.storage.svc:9000", true)]
    [InlineData("com", "https://example.com", true)]
    [InlineData("10.example.com", "https://10.example.com", true)]
    [InlineData("10", "https://0.0.0.10", false)]
    // Ports.
    [InlineData("example.com:8443", "https://example.com:8443", true)]
    [InlineData("example.com:8443", "https://example.com", false)]
    [InlineData("example.com:443", "https://example.com", true)]
    [InlineData("10.0.0.1:80", "http://10.0.0.1", true)]
    [InlineData("10.0.0.1:80", "http://10.0.0.1:8080", false)]
    [InlineData("[fd00::1]:443", "https://[fd00::1]", true)]
    [InlineData("[fd00::1]:443", "https://[fd00::1]:9000", false)]
    // Addresses.
    [InlineData("10.0.0.1", "https://10.0.0.1:6443", true)]
    [InlineData("10.0.0.1", "https://10.0.0.10", false)]
    [InlineData("fd00::1", "https://[fd00:0:0::1]", true)]
    [InlineData("[fd00::1]", "https://[fd00::1]", true)]
    // Separators, and texts that are not entries.
    [InlineData(" 10.0.0.1 ,  example.com ", "https://example.com", true)]
    [InlineData("10.0.0.1 example.com", "https://example.com", true)]
    [InlineData("10.0.0.1\nexample.com\n", "https://example.com", true)]
    [InlineData(",,, ,", "https://example.com", false)]
    [InlineData(":80", "https://example.com:80", false)]
    [InlineData(".", "https://example.com", false)]
    [InlineData("", "https://example.com", false)]
    [InlineData(null, "https://example.com", false)]
    // Loopback, always.
    [InlineData("", "http://localhost:9000", true)]
    [InlineData("", "http://LOCALHOST", true)]
    [InlineData("", "http://s3.localhost", true)]
    [InlineData("", "http://127.0.0.1", true)]
    [InlineData("", "http://127.9.9.9", true)]
    [InlineData("", "https://[::1]:2379", true)]
    [InlineData("", "https://[::ffff:127.0.0.1]", true)]
    [InlineData("", "https://localhost.example.com", false)]
    [InlineData("", "http://0.0.0.0", false)]
    public void A_host_is_reached_directly_or_not(string? noProxy, string target, bool isDirect) =>
        Assert.Equal(isDirect, new NoProxyList(noProxy).Matches(new Uri(target)));
}
