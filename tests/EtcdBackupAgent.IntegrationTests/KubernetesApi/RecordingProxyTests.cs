using System.Net;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi;

/// <summary>The proxy of the scenes. Stock kubectl uses it with a service account.</summary>
[Collection(KubernetesApiTests.Name)]
public sealed class RecordingProxyTests(KubernetesApiFixture fixture) : IDisposable
{
    private const string User = "etcd-backup-agent-backup";

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task It_records_requests_with_the_verbs_and_resources_of_a_role()
    {
        await using RecordingProxy proxy = await RecordingProxy.StartAsync(fixture.Server);

        await KubectlAsync(proxy, "create", "configmap", "recorded");
        await KubectlAsync(proxy, "get", "configmaps");
        await KubectlAsync(proxy, "patch", "configmap", "recorded", "-p", """{"data":{"a":"b"}}""");
        await KubectlAsync(proxy, "get", "namespace", "default");
        await KubectlAsync(proxy, "delete", "configmap", "recorded", "--wait=false");

        Assert.Equal(
            [
                new ApiRequest(User, "create", "", "configmaps", "default", ""),
                new ApiRequest(User, "list", "", "configmaps", "default", ""),
                new ApiRequest(User, "patch", "", "configmaps", "default", "recorded"),
                new ApiRequest(User, "get", "", "namespaces", "default", "default"),
                new ApiRequest(User, "delete", "", "configmaps", "default", "recorded"),
            ],
            proxy.Requests.Where(request => request.Verb != "get" || request.Resource == "namespaces"));
    }

    [Fact]
    public async Task It_refuses_requests_that_are_not_granted_and_responds_with_a_fault()
    {
        await using RecordingProxy proxy = await RecordingProxy.StartAsync(fixture.Server);
        proxy.Grants = request => request.Verb == "list";

        ToolResult refused = await TryKubectlAsync(proxy, "get", "secret", "some");
        Assert.Contains("Forbidden", refused.StandardError, StringComparison.Ordinal);
        Assert.Contains("get secrets default/some", Assert.Single(proxy.Refusals), StringComparison.Ordinal);

        ProxyFault fault = proxy.Add(new ProxyFault { Answer = HttpStatusCode.Conflict, Times = 1 });
        Assert.NotEqual(0, (await TryKubectlAsync(proxy, "get", "secrets")).ExitCode);
        Assert.Equal(0, (await TryKubectlAsync(proxy, "get", "secrets")).ExitCode);
        Assert.Equal(1, fault.Hits);
    }

    [Fact]
    public async Task It_forwards_the_events_of_a_watch_at_once_and_can_close_it()
    {
        await using RecordingProxy proxy = await RecordingProxy.StartAsync(fixture.Server);
        await using PeerProcess watch = PeerProcess.Start(
            Peers.Kubectl,
            ["get", "configmaps", "--watch-only", "-o", "name"],
            Environment(proxy));
        await TestDeadline.UntilAsync(
            "the watch",
            () => Task.FromResult(proxy.Requests.Any(request => request.Verb == "watch")));

        await fixture.Server.KubectlAsync("create", "configmap", "watched");
        await watch.UntilReadyAsync(() =>
            Task.FromResult(watch.Output.Contains("configmap/watched", StringComparison.Ordinal)));

        Assert.Equal(1, proxy.CutWatches());
        await watch.WaitForExitAsync();
    }

    [Fact]
    public async Task It_can_be_unreachable()
    {
        await using RecordingProxy proxy = await RecordingProxy.StartAsync(fixture.Server);
        proxy.IsAway = true;
        Assert.NotEqual(0, (await TryKubectlAsync(proxy, "get", "secrets")).ExitCode);
        proxy.IsAway = false;
        Assert.Equal(0, (await TryKubectlAsync(proxy, "get", "secrets")).ExitCode);
    }

    public void Dispose() => _directory.Dispose();

    private async Task KubectlAsync(RecordingProxy proxy, params string[] arguments) =>
        _ = (await TryKubectlAsync(proxy, arguments)).Output;

    private Task<ToolResult> TryKubectlAsync(RecordingProxy proxy, params string[] arguments) =>
        Tool.RunAsync(Peers.Kubectl, arguments, Environment(proxy));

    private Dictionary<string, string?> Environment(RecordingProxy proxy)
    {
        string file = _directory[$"{proxy.Url.Port}"];
        File.WriteAllText(file, fixture.Server.Kubeconfig($"token: {KubernetesApiServer.TokenOf(User)}", proxy.Url));
        return new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["KUBECONFIG"] = file,
            ["HOME"] = _directory.Path,
        };
    }
}
