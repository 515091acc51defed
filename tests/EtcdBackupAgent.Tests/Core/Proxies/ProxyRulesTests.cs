using System.Net;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Proxies;

/// <summary>The proxy that the environment defines for a request.</summary>
public sealed class ProxyRulesTests
{
    private static readonly Uri Secure = new("https://s3.example.com");
    private static readonly Uri Plain = new("http://s3.example.com");

    [Fact]
    public void Each_scheme_has_its_own_proxy()
    {
        ProxyRules rules = Rules("HTTP_PROXY=http://one:3128", "HTTPS_PROXY=http://two:3128");

        Assert.Equal("http://one:3128", rules.For(Plain)?.ToString());
        Assert.Equal("http://two:3128", rules.For(Secure)?.ToString());
        Assert.Null(Rules("HTTP_PROXY=http://one:3128").For(Secure));
        Assert.Null(Rules().For(Secure));
    }

    [Theory]
    [InlineData("https_proxy=http://low:1", "HTTPS_PROXY=http://up:1", "http://low:1")]
    [InlineData("https_proxy= ", "HTTPS_PROXY=http://up:1", "http://up:1")]
    [InlineData("ALL_PROXY=socks5://all:1080", "HTTP_PROXY=http://up:1", "socks5://all:1080")]
    [InlineData("all_proxy=http://all:1", "https_proxy=http://low:1", "http://low:1")]
    public void The_lower_case_variable_and_the_schemes_own_proxy_take_precedence(
        string one, string two, string expected) =>
        Assert.Equal(expected, Rules(one, two).For(Secure)?.ToString());

    [Theory]
    [InlineData("NO_PROXY=10.0.0.0/8,.example.com")]
    [InlineData("no_proxy=*")]
    public void Hosts_in_NO_PROXY_are_reached_directly(string noProxy) =>
        Assert.Null(Rules("HTTPS_PROXY=http://p:1", noProxy).For(Secure));

    [Fact]
    public void The_header_of_a_CGI_request_is_not_used_as_a_proxy()
    {
        Assert.Null(Rules("HTTP_PROXY=http://evil:1", "REQUEST_METHOD=GET").For(Plain));
        Assert.Equal("http://low:1", Rules("http_proxy=http://low:1", "REQUEST_METHOD=GET").For(Plain)?.ToString());
    }

    [Theory]
    [InlineData("proxy:3128", "http://proxy:3128")]
    [InlineData("http://proxy", "http://proxy:80")]
    [InlineData("https://proxy", "https://proxy:443")]
    [InlineData("HTTP://proxy:3128/", "http://proxy:3128")]
    [InlineData("socks5h://proxy", "socks5://proxy:1080")]
    [InlineData("socks4a://proxy:9", "socks4a://proxy:9")]
    [InlineData("http://[fd00::1]:3128", "http://[fd00::1]:3128")]
    [InlineData(" http://proxy:3128\n", "http://proxy:3128")]
    public void A_proxy_is_written_in_several_ways(string text, string expected) =>
        Assert.Equal(expected, Rules($"HTTPS_PROXY={text}").For(Secure)?.ToString());

    [Fact]
    public void User_and_password_are_sent_to_the_proxy_and_never_printed()
    {
        ProxyRules rules = Rules("HTTPS_PROXY=http://us%40er:p%3Aw%2F@proxy:3128");

        ProxyAddress proxy = rules.For(Secure)!;

        Assert.Equal(new Uri("http://proxy:3128"), ((IWebProxy)rules).GetProxy(Secure));
        NetworkCredential? user = rules.Credentials!.GetCredential(proxy.Address, "Basic");
        Assert.Equal(("us@er", "p:w/"), (user?.UserName, user?.Password));
        Assert.Null(rules.Credentials.GetCredential(new Uri("http://other:3128"), "Basic"));
        Assert.Equal("http://proxy:3128", $"{proxy}");
    }

    [Theory]
    [InlineData("ftp://me:secret@proxy")]
    [InlineData("http://")]
    [InlineData("http://me:secret@")]
    [InlineData("http://pro xy:1")]
    public void An_invalid_proxy_is_refused_with_its_variable_and_without_its_value(string text)
    {
        BackupException e = Assert.Throws<BackupException>(() => Rules($"HTTPS_PROXY={text}").For(Secure));

        Assert.Equal((FailureReason.InvalidInput, "HTTPS_PROXY is not the URL of a proxy."), (e.Reason, e.Message));
        Assert.DoesNotContain("secret", $"{e}", StringComparison.Ordinal);
    }

    [Fact]
    public void An_invalid_variable_stops_only_the_requests_that_need_it()
    {
        ProxyRules rules = Rules("HTTPS_PROXY=ftp://proxy", "NO_PROXY=.example.com");

        Assert.Null(rules.For(Secure));
        Assert.Null(rules.For(Plain));
        Assert.Null(rules.For(new Uri("https://127.0.0.1")));
    }

    [Fact]
    public void A_kubeconfigs_proxy_is_used_for_every_server() =>
        Assert.NotNull(ProxyRules.Always(ProxyAddress.Parse("x", "http://p:1")).For(new Uri("https://127.0.0.1")));

    private static ProxyRules Rules(params string[] variables)
    {
        Dictionary<string, string> environment = variables
            .Select(variable => variable.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        return ProxyRules.OfEnvironment(name => environment.GetValueOrDefault(name));
    }
}
