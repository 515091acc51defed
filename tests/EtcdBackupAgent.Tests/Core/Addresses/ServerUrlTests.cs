using EtcdBackupAgent.Core.Addresses;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Addresses;

/// <summary>A URL is used as it is written, or refused: it is never cut, resolved, or read as another host.</summary>
public sealed class ServerUrlTests
{
    [Theory]
    [InlineData("https://minio.example:9000", "https://minio.example:9000/")]
    [InlineData("http://minio", "http://minio/")]
    [InlineData("https://minio/", "https://minio/")]
    [InlineData("HTTPS://Minio.Example", "https://minio.example/")]
    [InlineData("https://my_host.svc:1", "https://my_host.svc:1/")]
    [InlineData("https://host.", "https://host./")]
    [InlineData("https://10.0.0.1:2379", "https://10.0.0.1:2379/")]
    [InlineData("https://[fd00::2]:2379", "https://[fd00::2]:2379/")]
    [InlineData("https://[FD00:0:0::2]", "https://[fd00::2]/")]
    public void A_server_is_read(string text, string expected)
    {
        Assert.Equal(ServerUrlFault.None, ServerUrl.Read(text, out Uri? url, "http", "https"));
        Assert.Equal(expected, url!.AbsoluteUri);
    }

    [Theory]
    [InlineData("", ServerUrlFault.NotUrl)]
    [InlineData("minio:9000", ServerUrlFault.NotUrl)]
    [InlineData("//minio", ServerUrlFault.NotUrl)]
    [InlineData("https:/minio", ServerUrlFault.NotUrl)]
    [InlineData("https://", ServerUrlFault.NotUrl)]
    [InlineData(" https://minio", ServerUrlFault.NotUrl)]
    [InlineData("https://minio ", ServerUrlFault.Host)]
    [InlineData("https://minio\n", ServerUrlFault.Host)]
    [InlineData("ftp://minio", ServerUrlFault.Scheme)]
    [InlineData("c:\\minio", ServerUrlFault.NotUrl)]
    [InlineData("https://key:secret@minio", ServerUrlFault.User)]
    [InlineData("https://@minio", ServerUrlFault.User)]
    [InlineData("https://minio/bucket", ServerUrlFault.Rest)]
    [InlineData("https://minio//", ServerUrlFault.Rest)]
    [InlineData("https://minio/..", ServerUrlFault.Rest)]
    [InlineData("https://minio/?x", ServerUrlFault.Rest)]
    [InlineData("https://minio?", ServerUrlFault.Rest)]
    [InlineData("https://minio#x", ServerUrlFault.Rest)]
    [InlineData("https://minio\\bucket", ServerUrlFault.Rest)]
    [InlineData("https://minio:", ServerUrlFault.Host)]
    [InlineData("https://minio:x", ServerUrlFault.Host)]
    [InlineData("https://minio:-1", ServerUrlFault.Host)]
    [InlineData("https://minio:0", ServerUrlFault.Port)]
    [InlineData("https://minio:65536", ServerUrlFault.Port)]
    [InlineData("https://m%69nio", ServerUrlFault.Host)]
    [InlineData("https://mínio", ServerUrlFault.Host)]
    [InlineData("https://010.0.0.1", ServerUrlFault.Host)]
    [InlineData("https://0x7f.0.0.1", ServerUrlFault.Host)]
    [InlineData("https://127.1", ServerUrlFault.Host)]
    [InlineData("https://2130706433", ServerUrlFault.Host)]
    [InlineData("https://[::1", ServerUrlFault.Host)]
    [InlineData("https://::1", ServerUrlFault.Host)]
    public void Anything_else_is_refused(string text, ServerUrlFault fault)
    {
        Assert.Equal(fault, ServerUrl.Read(text, out Uri? url, "http", "https"));
        Assert.Null(url);
    }

    [Theory]
    [InlineData("https://rancher.example/k8s/clusters/c-1", ServerUrlFault.None)]
    [InlineData("https://rancher.example/k8s/", ServerUrlFault.None)]
    [InlineData("https://rancher.example/k8s/../x", ServerUrlFault.Rest)]
    [InlineData("https://rancher.example/k8s//x", ServerUrlFault.Rest)]
    [InlineData("https://rancher.example/k8s?x", ServerUrlFault.Rest)]
    [InlineData("https://rancher.example/k8s#x", ServerUrlFault.Rest)]
    [InlineData("https://rancher.example/%2e%2e/x", ServerUrlFault.Rest)]
    public void A_server_may_be_below_a_path_where_that_is_allowed(string text, ServerUrlFault fault) =>
        Assert.Equal(fault, ServerUrl.ReadWithPath(text, out _, "https"));
}
