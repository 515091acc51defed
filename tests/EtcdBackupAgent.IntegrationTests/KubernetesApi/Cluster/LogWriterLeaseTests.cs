using System.Collections.Concurrent;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Pods;
using EtcdBackupAgent.Testing;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;

/// <summary>Several writers of one change log, and a real Lease.</summary>
[Collection(ClusterTests.Name)]
public sealed class LogWriterLeaseTests(ClusterFixture fixture) : ControllerTests(fixture)
{
    private const string LeaseName = $"{ClusterScene.Policy}-changelog";

    private readonly ConcurrentQueue<string> _events = [];
    private readonly RecordedLines _log = new();

    [Fact]
    public async Task A_second_writer_waits_until_the_first_one_stops()
    {
        using CancellationTokenSource stopFirst = new();
        using CancellationTokenSource stopSecond = new();

        Task first = WriteAsync("pod-1", stopFirst.Token);
        await UntilAsync("pod-1 writes");
        Task second = WriteAsync("pod-2", stopSecond.Token);
        await UntilLoggedAsync("pod-1 holds the lease");
        Assert.Equal("pod-1", await HolderAsync());
        await stopFirst.CancelAsync();
        await first;
        await UntilAsync("pod-1 writes", "pod-1 stops", "pod-2 writes");
        Assert.Equal("pod-2", await HolderAsync());
        await stopSecond.CancelAsync();
        await second;

        Assert.Equal("", await HolderAsync());
        Assert.Equal(["pod-1 writes", "pod-1 stops", "pod-2 writes", "pod-2 stops"], _events);
    }

    [Fact]
    public async Task A_writer_stops_when_another_acquired_the_lease_and_writes_again_after_it()
    {
        using CancellationTokenSource stop = new();
        Task writing = WriteAsync("pod-1", stop.Token);
        await UntilAsync("pod-1 writes");

        await SetHolderAsync("pod-2");
        await UntilAsync("pod-1 writes", "pod-1 stops");
        await UntilLoggedAsync("Another process writes the change log");
        await SetHolderAsync("");
        await UntilAsync("pod-1 writes", "pod-1 stops", "pod-1 writes");

        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public async Task The_failure_of_the_writer_ends_the_wait_and_releases_the_lease()
    {
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => NewLease("pod-1").RunAsync(
                ClusterScene.Policy, _ => throw new InvalidOperationException("broken"), CancellationToken.None));

        Assert.Equal("broken", failure.Message);
        Assert.Equal("", await HolderAsync());
    }

    private LogWriterLease NewLease(string identity) => new(Scene.Cluster, identity, TimeProvider.System, _log)
    {
        RetryPeriod = TimeSpan.FromMilliseconds(200),
    };

    private Task WriteAsync(string identity, CancellationToken stopping) => NewLease(identity).RunAsync(
        ClusterScene.Policy,
        async cancellationToken =>
        {
            _events.Enqueue($"{identity} writes");
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _events.Enqueue($"{identity} stops");
        },
        stopping);

    private async Task<string?> HolderAsync() => (string?)(await Scene.GetAsync(ResourceKind.Lease, LeaseName))
        ["spec"]!["holderIdentity"];

    /// <summary>As a user with all rights does.</summary>
    private Task<string> SetHolderAsync(string holder) => Scene.Server.KubectlAsync(
        "patch", "lease", LeaseName, "-n", Scene.Namespace, "--type=merge", "-p",
        $$$"""{"spec":{"holderIdentity":"{{{holder}}}"}}""");

    private Task UntilAsync(params string[] events) => TestDeadline.UntilAsync(
        string.Join(", ", events), () => Task.FromResult(_events.SequenceEqual(events)));

    private Task UntilLoggedAsync(string text) => TestDeadline.UntilAsync(
        text, () => Task.FromResult(_log.All.Any(line => line.Contains(text, StringComparison.Ordinal))));
}
