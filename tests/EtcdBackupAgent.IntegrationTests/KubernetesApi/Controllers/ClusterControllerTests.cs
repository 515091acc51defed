using System.Collections.Concurrent;
using EtcdBackupAgent.Core.Health;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>The whole controller: one process works at a time, and each reports whether it is ready.</summary>
[Collection(ClusterTests.Name)]
public sealed class ClusterControllerTests(ClusterFixture fixture) : IAsyncLifetime
{
    private readonly RecordedLines _log = new();

    private ClusterScene Scene { get; set; } = null!;

    public async Task InitializeAsync() => Scene = await ClusterScene.StartAsync(fixture, "schedule: '0 * * * *'");

    public Task DisposeAsync()
    {
        Scene.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_controller_that_waits_for_the_lease_is_ready_and_leads_after_its_release()
    {
        using CancellationTokenSource stopFirst = new();
        using CancellationTokenSource stopSecond = new();
        Conditions first = new();
        Conditions second = new();

        Task leading = Controller("first", first).RunAsync(stopFirst.Token);
        await first.UntilReadyAsync();
        Task waiting = Controller("second", second).RunAsync(stopSecond.Token);
        await second.UntilReadyAsync();
        Assert.Equal("first", await HolderAsync());

        await stopFirst.CancelAsync();
        await leading;
        await TestDeadline.UntilAsync("the second to lead", async () => await HolderAsync() == "second");
        await stopSecond.CancelAsync();
        await waiting;
        Assert.Equal("", await HolderAsync());
    }

    [Fact]
    public async Task A_controller_that_cannot_reach_the_server_is_not_ready()
    {
        using CancellationTokenSource stop = new();
        Conditions conditions = new();
        Task leading = Controller("first", conditions).RunAsync(stop.Token);
        await conditions.UntilReadyAsync();

        Scene.Proxy.IsAway = true;
        Scene.Proxy.CutWatches();
        await TestDeadline.UntilAsync("the outage to be noticed", () => Task.FromResult(!conditions.AreReady));
        Scene.Proxy.IsAway = false;

        await conditions.UntilReadyAsync();
        await Scene.UntilAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            "ready",
            item => SceneObjects.Condition(item, "Ready") == "True Scheduled");
        await stop.CancelAsync();
        await leading;
    }

    [Fact]
    public async Task A_part_that_fails_stops_the_controller_and_releases_the_lease()
    {
        ClusterController controller = Controller(
            "first", new Conditions(), _ => throw new InvalidOperationException("a part is broken"));

        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => controller.RunAsync(CancellationToken.None).WaitAsync(TestDeadline.Patience));

        Assert.Equal("a part is broken", e.Message);
        Assert.Equal("", await HolderAsync());
    }

    private ClusterController Controller(
        string identity, IAgentHealth health, params IReadOnlyList<Func<CancellationToken, Task>> companions)
    {
        SceneControllers controllers = new(Scene);
        return new ClusterController(
            Scene.Cluster,
            identity,
            [controllers.Location, controllers.Policy, controllers.Record, controllers.Restore],
            new ControllerOptions(),
            health,
            controllers.Measured,
            TimeProvider.System,
            _log)
        {
            Companions = companions,
        };
    }

    private async Task<string?> HolderAsync() => new LeaseObject(await Scene.Client.GetAsync(
        ResourceKind.Lease, Scene.Namespace, "etcd-backup-agent", CancellationToken.None)).Holder;

    private sealed class Conditions : IAgentHealth
    {
        private readonly ConcurrentDictionary<string, bool> _conditions = new(StringComparer.Ordinal);

        public bool AreReady => !_conditions.IsEmpty && _conditions.Values.All(holds => holds);

        public void Beat()
        {
            // These tests do not check the heartbeat.
        }

        public void SetReady(string condition, bool holds) => _conditions[condition] = holds;

        public Task UntilReadyAsync() => TestDeadline.UntilAsync("it to be ready", () => Task.FromResult(AreReady));
    }
}
