using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Network;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi;

/// <summary>The client of the API server behind a proxy.</summary>
[Collection(KubernetesApiTests.Name)]
public sealed class ProxyTests(KubernetesApiFixture fixture) : IAsyncLifetime, IDisposable
{
    private static readonly ResourceKind Namespaces = new("", "v1", "namespaces", IsNamespaced: false);

    private readonly ForwardProxy _proxy = ForwardProxy.Start();
    private readonly TestDirectory _directory = new();

    private KubernetesApiServer Server => fixture.Server;

    /// <summary>A host name that cannot be resolved: only the proxy connects to it.</summary>
    private string Host => $"api.test:{Server.Url.Port}";

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_proxy_of_the_environment_is_used_with_its_user()
    {
        _proxy.User = "me:secret";
        using KubernetesClient client = await ConnectAsync("", $"HTTPS_PROXY=http://me:secret@127.0.0.1:{_proxy.Port}");

        Assert.NotNull(await client.FindAsync(Namespaces, ns: null, "default", CancellationToken.None));

        Assert.Contains($"CONNECT {Host}", _proxy.Requests);
    }

    [Fact]
    public async Task The_proxy_of_the_kubeconfig_overrides_the_environment_and_NO_PROXY()
    {
        using KubernetesClient client = await ConnectAsync(
            $"proxy-url: \"{_proxy.Url}\", ", $"HTTPS_PROXY=http://127.0.0.1:{FreePort.Take()}", "NO_PROXY=*");

        Assert.NotNull(await client.FindAsync(Namespaces, ns: null, "default", CancellationToken.None));

        Assert.Contains($"CONNECT {Host}", _proxy.Requests);
    }

    [Theory]
    [InlineData("NO_PROXY=.test")]
    [InlineData("NO_PROXY=10.0.0.0/8,*")]
    public async Task A_host_in_NO_PROXY_is_connected_to_directly(string noProxy)
    {
        BackupException e = await FailAsync($"HTTPS_PROXY={_proxy.Url}", noProxy);

        Assert.DoesNotContain("proxy", e.Message, StringComparison.Ordinal);
        Assert.Empty(_proxy.Requests);
    }

    [Theory]
    [InlineData(403, "does not connect to api.test")]
    [InlineData(407, "asks for a user and a password (407)")]
    [InlineData(502, "it answered 502")]
    public async Task A_refusal_of_the_proxy_is_not_reported_as_a_missing_right(int status, string why)
    {
        _proxy.Refusal = status;

        BackupException e = await FailAsync($"HTTPS_PROXY={_proxy.Url}");

        Assert.Equal(FailureReason.KubernetesUnreachable, e.Reason);
        Assert.Contains($"the proxy {_proxy.Url} ", e.Message, StringComparison.Ordinal);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Role", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_of_the_proxy_is_not_reported_as_a_missing_right()
    {
        _proxy.Refusal = 403;

        BackupException e = await FailAtAsync("http", $"HTTP_PROXY={_proxy.Url}");

        Assert.Equal(FailureReason.KubernetesUnreachable, e.Reason);
        Assert.Contains(
            $"the answer 403 came from the proxy {_proxy.Url}, or through it", e.Message, StringComparison.Ordinal);
        Assert.Contains("NO_PROXY", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_that_does_not_run_is_named()
    {
        string away = $"http://127.0.0.1:{FreePort.Take()}";

        BackupException e = await FailAsync($"HTTPS_PROXY={away}");

        Assert.Contains($"the proxy {away} cannot be reached: connection refused", e.Message, StringComparison.Ordinal);
    }

    private Task<BackupException> FailAsync(params string[] variables) => FailAtAsync("https", variables);

    private async Task<BackupException> FailAtAsync(string scheme, params string[] variables)
    {
        using KubernetesClient client = await ConnectAsync("", scheme, variables);
        Exception e = await Assert.ThrowsAnyAsync<Exception>(
            () => client.FindAsync(Namespaces, ns: null, "default", CancellationToken.None));
        Assert.True(ApiFailure.IsKnown(e), $"{e}");
        return ApiFailure.From(client.Connection, "look", e);
    }

    private Task<KubernetesClient> ConnectAsync(string fields, params string[] variables) =>
        ConnectAsync(fields, "https", variables);

    private async Task<KubernetesClient> ConnectAsync(string fields, string scheme, string[] variables)
    {
        string kubeconfig = (await File.ReadAllTextAsync(Server.KubeconfigFile)).Replace(
            $"server: \"{Server.Url.GetLeftPart(UriPartial.Authority)}\"",
            $"{fields}tls-server-name: localhost, server: \"{scheme}://{Host}\"",
            StringComparison.Ordinal);
        Assert.Contains(Host, kubeconfig, StringComparison.Ordinal);
        string file = _directory.Write("kubeconfig", kubeconfig);
        Dictionary<string, string> environment = variables
            .Select(variable => variable.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        return new KubernetesClient(
            await ApiAccess.LoadAsync(
                file, context: null, environment.GetValueOrDefault, TimeProvider.System, CancellationToken.None),
            TimeProvider.System);
    }
}
