using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Network;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>
/// The program, a proxy and a store: the variables of the environment, and keys in them that end in a line end.
/// </summary>
public sealed class ProxyTests : IAsyncLifetime, IDisposable
{
    private readonly ForwardProxy _proxy = ForwardProxy.Start();
    private readonly TestDirectory _directory = new();
    private RgwServer? _s3;

    public async Task InitializeAsync()
    {
        _s3 = await SharedServers.S3Async();
        File.WriteAllText(_directory["ca.crt"], _s3.CaCertificatePem);
    }

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_store_behind_a_proxy_is_reached_with_keys_that_end_in_a_line_end()
    {
        ToolResult made = await RunAsync(
            RgwServer.ProxiedName, ["init", "--unencrypted"], ("HTTPS_PROXY", _proxy.Url), ("NO_PROXY", "10.0.0.0/8"));

        Assert.Contains("Created repository", made.Output, StringComparison.Ordinal);
        Assert.All(
            _proxy.Requests, request => Assert.StartsWith("CONNECT s3.test:", request, StringComparison.Ordinal));
        Assert.NotEmpty(_proxy.Requests);
    }

    [Theory]
    [InlineData("localhost", "")]
    [InlineData("127.0.0.1", "example.com")]
    public async Task Loopback_is_reached_without_the_proxy(string host, string noProxy)
    {
        ToolResult made = await RunAsync(
            host, ["init", "--unencrypted"], ("https_proxy", _proxy.Url), ("no_proxy", noProxy));

        Assert.Contains("Created repository", made.Output, StringComparison.Ordinal);
        Assert.Empty(_proxy.Requests);
    }

    [Fact]
    public async Task A_403_of_the_proxy_is_reported_as_a_failure_of_the_proxy()
    {
        _proxy.Refusal = 403;

        ToolResult result = await RunAsync(
            RgwServer.ProxiedName, ["list"], ("HTTPS_PROXY", $"http://me:hidden@127.0.0.1:{_proxy.Port}"));

        Assert.Equal(4, result.ExitCode);
        Assert.Contains(
            $"the proxy {_proxy.Url} does not connect to s3.test", result.StandardError, StringComparison.Ordinal);
        Assert.Contains("403", result.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", result.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_variable_that_is_not_a_proxy_is_an_error_only_where_it_is_needed()
    {
        ToolResult needed = await RunAsync(RgwServer.ProxiedName, ["list"], ("HTTPS_PROXY", "ftp://proxy"));
        ToolResult unneeded = await RunAsync("localhost", ["init", "--unencrypted"], ("HTTPS_PROXY", "ftp://proxy"));

        Assert.Equal(2, needed.ExitCode);
        Assert.Contains("HTTPS_PROXY is not the URL of a proxy", needed.StandardError, StringComparison.Ordinal);
        Assert.Equal(0, unneeded.ExitCode);
    }

    private Task<ToolResult> RunAsync(string host, string[] verb, params (string Name, string Value)[] variables)
    {
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["AWS_ACCESS_KEY_ID"] = $"{_s3!.AccessKey}\n",
            ["AWS_SECRET_ACCESS_KEY"] = $"{_s3.SecretKey}\r\n",
        };
        foreach ((string name, string value) in variables)
        {
            environment[name] = value;
        }

        return Agent.RunAsync(
            [
                .. verb, "--repository", $"s3://{TestRepository.NewBucketName()}",
                "--s3-endpoint", $"https://{host}:{_s3.HttpsEndpoint.Port}", "--s3-ca-file", _directory["ca.crt"],
            ],
            environment);
    }
}
