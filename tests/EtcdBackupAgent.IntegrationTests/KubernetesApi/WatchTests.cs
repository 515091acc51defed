using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Watching;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.KubernetesApi;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi;

/// <summary>A watch on a real API server that is killed meanwhile.</summary>
public sealed class WatchTests
{
    [Fact]
    public async Task A_watch_reports_the_changes_of_kubectl_and_continues_after_a_restart_of_the_server()
    {
        await using KubernetesApiServer server = await KubernetesApiServer.StartAsync();
        await Widgets.InstallAsync(server);
        await server.ApplyAsync(Widgets.Named("a"));
        using KubernetesClient client = await ClientTests.ConnectAsync(server);
        ResourceWatch watch = new(client, ClientTests.Widget, "default", ResourceSelection.All, TimeProvider.System);
        using CancellationTokenSource deadline = new(TestDeadline.Patience);
        await using IAsyncEnumerator<ResourceChange> changes = watch.ReadAsync(deadline.Token).GetAsyncEnumerator();

        Assert.Equal("a 3", await NextAsync());
        Assert.Equal("listed", await NextAsync());
        await server.KubectlAsync("patch", "widget", "a", "--type=merge", "-p", """{"spec":{"size":5}}""");
        Assert.Equal("a 5", await NextAsync());
        await server.KubectlAsync("delete", "widget", "a");
        Assert.Equal("a gone", await NextAsync());

        await server.RestartAsync();
        await server.ApplyAsync(Widgets.Named("b", "size: 7"));
        Assert.Equal("b 7", await NextAsync());

        async Task<string> NextAsync()
        {
            while (await changes.MoveNextAsync())
            {
                switch (changes.Current)
                {
                    case ResourcePresent present:
                        JsonNode? size = present.Item["spec"]!["size"];
                        return $"{present.Key.Name} {size}";
                    case ResourceGone gone:
                        return $"{gone.Key.Name} gone";
                    case ResourcesListed:
                        return "listed";
                    default:
                        // An interruption, while the server does not run.
                        continue;
                }
            }

            return "ended";
        }
    }
}
