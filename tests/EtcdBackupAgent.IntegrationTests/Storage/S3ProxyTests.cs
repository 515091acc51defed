using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Network;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>
/// The S3 client and a proxy: which requests go through it, and which side is reported for a failure.
/// </summary>
[Collection(RgwTests.Name)]
public sealed class S3ProxyTests(RgwFixture fixture) : IAsyncLifetime
{
    private readonly ForwardProxy _proxy = ForwardProxy.Start();

    private string Secure => $"https://{RgwServer.ProxiedName}:{fixture.Server.HttpsEndpoint.Port}";

    private string Plain => $"http://{RgwServer.ProxiedName}:{fixture.Server.HttpEndpoint.Port}";

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    [Fact]
    public async Task Https_uses_a_tunnel_and_http_uses_absolute_URLs_with_the_proxys_user()
    {
        _proxy.User = "us@er:pass:word";
        string url = $"http://us%40er:pass%3Aword@127.0.0.1:{_proxy.Port}";
        using S3ObjectStore secure = Open(Secure, $"HTTPS_PROXY={url}");
        using S3ObjectStore plain = Open(Plain, $"http_proxy={url}");

        foreach (S3ObjectStore store in (S3ObjectStore[])[secure, plain])
        {
            await store.EnsureCreatedAsync(CancellationToken.None);
            Assert.True(await store.TryCreateAsync(new ObjectKey("k"), "abc"u8.ToArray(), CancellationToken.None));
            Assert.Single(await store.ListAsync("", CancellationToken.None).ToListAsync());
        }

        string host = $"{RgwServer.ProxiedName}:{fixture.Server.HttpsEndpoint.Port}";
        Assert.Contains($"CONNECT {host}", _proxy.Requests);
        Assert.Contains(_proxy.Requests, request => request.StartsWith($"PUT {Plain}/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_in_NO_PROXY_and_loopback_are_reached_directly()
    {
        using S3ObjectStore named = Open(Secure, $"HTTPS_PROXY={_proxy.Url}", "NO_PROXY=10.0.0.0/8,.test");
        using S3ObjectStore loopback = Open(fixture.Server.HttpsEndpoint.AbsoluteUri, $"HTTPS_PROXY={_proxy.Url}");

        BackupException e = await FailAsync(named);
        await loopback.EnsureCreatedAsync(CancellationToken.None);

        Assert.Contains("'s3.test' cannot be resolved", e.Message, StringComparison.Ordinal);
        Assert.Empty(_proxy.Requests);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(407)]
    [InlineData(404)]
    public async Task A_refusal_by_the_proxy_is_neither_a_missing_permission_nor_a_missing_object(int status)
    {
        _proxy.Refusal = status;
        string hidden = $"http://me:hidden-word@127.0.0.1:{_proxy.Port}";
        (string, string)[] ways = [(Secure, "HTTPS_PROXY"), (Plain, "HTTP_PROXY")];
        foreach ((string endpoint, string variable) in ways)
        {
            using S3ObjectStore store = Open(endpoint, $"{variable}={hidden}");
            BackupException e = await FailAsync(store);

            Assert.Equal(FailureReason.StoreUnreachable, e.Reason);
            Assert.Contains($"the proxy {_proxy.Url}", e.Message, StringComparison.Ordinal);
            Assert.Contains($"{status}", e.Message, StringComparison.Ordinal);
            Assert.Contains(status == 407 ? "proxy's URL" : "NO_PROXY", e.Hint, StringComparison.Ordinal);
            Assert.DoesNotContain("hidden-word", $"{e}", StringComparison.Ordinal);
            BackupException read = await Assert.ThrowsAsync<BackupException>(
                () => store.OpenReadAsync(new ObjectKey("k"), null, CancellationToken.None));
            Assert.Equal(FailureReason.StoreUnreachable, read.Reason);
        }
    }

    [Fact]
    public async Task A_refusal_by_the_store_through_a_proxy_is_reported_as_the_stores()
    {
        using S3ObjectStore store = new(
            Options(Plain, $"HTTP_PROXY={_proxy.Url}") with
            {
                Credentials = new S3Credentials { AccessKey = "WRONGACCESSKEY", SecretKey = "x" },
            },
            TimeProvider.System);

        BackupException e = await FailAsync(store);

        Assert.Equal(FailureReason.StoreDenied, e.Reason);
        Assert.Contains("does not know the access key 'WRONGACCESSKEY'", e.Message, StringComparison.Ordinal);
        using S3ObjectStore right = Open(Plain, $"HTTP_PROXY={_proxy.Url}");
        await right.EnsureCreatedAsync(CancellationToken.None);
        BackupException absent = await Assert.ThrowsAsync<BackupException>(
            () => right.OpenReadAsync(new ObjectKey("absent"), null, CancellationToken.None));
        Assert.Equal(FailureReason.ObjectNotFound, absent.Reason);
    }

    [Fact]
    public async Task An_unreachable_proxy_is_reported()
    {
        string away = $"http://127.0.0.1:{FreePort.Take()}";
        using S3ObjectStore store = Open(Secure, $"HTTPS_PROXY={away}");

        BackupException e = await FailAsync(store);

        Assert.Equal(FailureReason.StoreUnreachable, e.Reason);
        Assert.Contains($"the proxy {away} cannot be reached: connection refused", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_variable_that_is_not_a_proxy_stops_the_store_before_anything_is_sent()
    {
        BackupException e = Assert.Throws<BackupException>(() => Open(Secure, "HTTPS_PROXY=ftp://proxy"));

        Assert.Equal("HTTPS_PROXY is not the URL of a proxy.", e.Message);
    }

    private static Task<BackupException> FailAsync(S3ObjectStore store) =>
        Assert.ThrowsAsync<BackupException>(() => store.ListAsync("", CancellationToken.None).ToListAsync().AsTask());

    private S3ObjectStore Open(string endpoint, params string[] variables) =>
        new(Options(endpoint, variables), TimeProvider.System);

    private S3Options Options(string endpoint, params string[] variables)
    {
        Dictionary<string, string> environment = variables
            .Select(variable => variable.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        return fixture.Options() with
        {
            Endpoint = new Uri(endpoint),
            Proxies = ProxyRules.OfEnvironment(environment.GetValueOrDefault),
        };
    }
}
