using System.Collections.Concurrent;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Leases;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.KubernetesApi;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi;

/// <summary>Several processes that want to lead, and a real Lease.</summary>
[Collection(KubernetesApiTests.Name)]
public sealed class LeaderLeaseTests(KubernetesApiFixture fixture) : IAsyncLifetime
{
    private readonly ConcurrentQueue<string> _leaders = [];
    private readonly ConcurrentQueue<BackupException> _failures = [];
    private KubernetesClient? _client;

    private KubernetesApiServer Server => fixture.Server;

    private string Namespace { get; set; } = "";

    public async Task InitializeAsync()
    {
        _client = await ClientTests.ConnectAsync(Server);
        Namespace = await Server.CreateNamespaceAsync();
    }

    public Task DisposeAsync()
    {
        _client?.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task One_process_leads_and_the_next_one_leads_when_it_stops()
    {
        using CancellationTokenSource stopFirst = new();
        using CancellationTokenSource stopSecond = new();

        Task first = LeadAsync("first", stopFirst.Token);
        await UntilLeadersAsync("first");
        Task second = LeadAsync("second", stopSecond.Token);
        string holder = await HolderAsync();
        await stopFirst.CancelAsync();
        await UntilLeadersAsync("first", "second");
        string next = await HolderAsync();
        await stopSecond.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal(("first 0", "second 1"), (holder, next));
        Assert.Equal(" 1", await HolderAsync());
        Assert.Empty(_failures);
    }

    [Fact]
    public async Task A_lease_whose_holder_died_is_acquired_after_it_expired()
    {
        await Server.ApplyAsync(
            "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: lead}, "
            + "spec: {holderIdentity: dead, leaseDurationSeconds: 1, leaseTransitions: 4}}",
            "-n",
            Namespace);
        using CancellationTokenSource stop = new();

        long begun = TimeProvider.System.GetTimestamp();
        Task leading = LeadAsync("heir", stop.Token);
        await UntilLeadersAsync("heir");
        TimeSpan waited = TimeProvider.System.GetElapsedTime(begun);
        string holder = await HolderAsync();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leading);
        Assert.Equal("heir 5", holder);
        Assert.True(waited >= TimeSpan.FromSeconds(1), $"It was acquired after {waited}.");
    }

    [Fact]
    public async Task A_process_that_loses_the_lease_stops_its_work()
    {
        using CancellationTokenSource stop = new();
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task leading = Lease("loser")
            .RunAsync(
                async cancellationToken =>
                {
                    _leaders.Enqueue("loser");
                    await using CancellationTokenRegistration registration = cancellationToken.Register(() =>
                        stopped.TrySetResult());
                    await stopped.Task;
                    cancellationToken.ThrowIfCancellationRequested();
                },
                _failures.Enqueue,
                stop.Token);
        await UntilLeadersAsync("loser");

        await Server.KubectlAsync(
            "-n",
            Namespace,
            "patch",
            "lease",
            "lead",
            "--type=merge",
            "-p",
            """{"spec":{"holderIdentity":"thief","leaseDurationSeconds":3600}}""");
        await stopped.Task.WaitAsync(TestDeadline.Patience);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leading);
        Assert.Equal("thief 0", await HolderAsync());
    }

    [Fact]
    public async Task Work_that_completes_releases_the_lease_and_its_failure_is_thrown()
    {
        await Lease("a").RunAsync(_ => Task.CompletedTask, _failures.Enqueue, CancellationToken.None);
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => Lease("b").RunAsync(
            _ => throw new InvalidOperationException("broken"), _failures.Enqueue, CancellationToken.None));

        Assert.Equal("broken", e.Message);
        Assert.Equal(" 1", await HolderAsync());
    }

    [Fact]
    public async Task A_process_that_cannot_renew_stops_before_others_can_acquire_the_lease()
    {
        await using KubernetesApiServer server = await KubernetesApiServer.StartAsync();
        using KubernetesClient client = await ClientTests.ConnectAsync(server);
        LeaderLease lease = new(client, Options("lonely") with { Namespace = "default" }, TimeProvider.System);
        using CancellationTokenSource stop = new();
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task leading = lease.RunAsync(
            async cancellationToken =>
            {
                _leaders.Enqueue("lonely");
                await using CancellationTokenRegistration registration = cancellationToken.Register(() =>
                    stopped.TrySetResult());
                await stopped.Task;
            },
            _failures.Enqueue,
            stop.Token);
        await UntilLeadersAsync("lonely");

        await server.KillAsync();
        await stopped.Task.WaitAsync(TestDeadline.Patience);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leading);
        Assert.All(_failures, failure => Assert.Equal(FailureReason.KubernetesUnreachable, failure.Reason));
        Assert.NotEmpty(_failures);
    }

    private LeaseOptions Options(string identity) => new()
    {
        Namespace = Namespace,
        Name = "lead",
        Identity = identity,
        Duration = TimeSpan.FromSeconds(20),
        RenewDeadline = TimeSpan.FromSeconds(2),
        RetryPeriod = TimeSpan.FromMilliseconds(200),
    };

    private LeaderLease Lease(string identity) => new(_client!, Options(identity), TimeProvider.System);

    private Task LeadAsync(string identity, CancellationToken cancellationToken) => Lease(identity).RunAsync(
        async leading =>
        {
            _leaders.Enqueue(identity);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, leading);
        },
        _failures.Enqueue,
        cancellationToken);

    private Task UntilLeadersAsync(params string[] leaders) => TestDeadline.UntilAsync(
        $"{string.Join(", then ", leaders)} to lead", () => Task.FromResult(_leaders.SequenceEqual(leaders)));

    private Task<string> HolderAsync() => Server.KubectlAsync(
        "-n", Namespace, "get", "lease", "lead", "-o", "jsonpath={.spec.holderIdentity} {.spec.leaseTransitions}");
}
