using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using Xunit;

namespace EtcdBackupAgent.Tests.Configuration;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:9090")]
    [InlineData("0.0.0.0:1")]
    [InlineData("[::1]:65535")]
    public void An_address_with_a_port_is_accepted(string text) =>
        Assert.Equal(text, ListenAddress.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("9090")]
    [InlineData(":9090")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("fe80::1:80")]
    [InlineData("[::1]")]
    [InlineData("localhost:9090")]
    public void Any_other_text_is_refused(string text)
    {
        BackupException refused = Assert.Throws<BackupException>(() => ListenAddress.Parse(text));

        Assert.Equal(FailureReason.InvalidInput, refused.Reason);
        Assert.Equal($"--listen '{text}' is not an address and a port.", refused.Message);
    }
}
