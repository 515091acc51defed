using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Leases;
using EtcdBackupAgent.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Api.Leases;

/// <summary>How a lease behaves if it is stopped, or gets no response, at moments that are rare with a real
/// server.</summary>
public sealed class LeaderLeaseTests
{
    private readonly List<BackupException> _failures = [];
    private string _lease = """{"metadata":{"resourceVersion":"1"},"spec":{"holderIdentity":""}}""";

    [Fact]
    public async Task A_lease_that_is_acquired_during_a_stop_is_released()
    {
        using CancellationTokenSource stop = new();
        await using FakeApi api = await FakeApi.StartAsync(
            SendLeaseAsync,
            async context =>
            {
                await StoreLeaseAsync(context);
                await stop.CancelAsync();
                await SendLeaseAsync(context);
            },
            SendLeaseAsync,
            ReplaceLeaseAsync);
        using KubernetesClient client = api.Client(TimeProvider.System);

        Task leading = Lease(client).RunAsync(
            cancellationToken => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken),
            _failures.Add,
            stop.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leading.WaitAsync(TestDeadline.Patience));
        Assert.Equal(["GET", "PUT", "GET", "PUT"], api.Requests.Select(request => request.Split(' ')[0]));
        Assert.Equal("", (string?)JsonNode.Parse(_lease)!["spec"]!["holderIdentity"]);
        Assert.Empty(_failures);
    }

    [Fact]
    public async Task Acquiring_is_retried_if_the_server_does_not_respond()
    {
        await using FakeApi api = await FakeApi.StartAsync(
            SendLeaseAsync,
            context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted),
            SendLeaseAsync,
            ReplaceLeaseAsync,
            SendLeaseAsync,
            ReplaceLeaseAsync);
        using KubernetesClient client = api.Client(TimeProvider.System);

        await Lease(client, retry: TimeSpan.FromSeconds(1))
            .RunAsync(_ => Task.CompletedTask, _failures.Add, CancellationToken.None);

        BackupException failure = Assert.Single(_failures);
        Assert.Equal(FailureReason.KubernetesUnreachable, failure.Reason);
        Assert.Contains("no response within 1 s", failure.Message, StringComparison.Ordinal);
    }

    private static LeaderLease Lease(KubernetesClient client, TimeSpan? retry = null) =>
        new(
            client,
            new LeaseOptions
            {
                Namespace = "kubedr",
                Name = "lead",
                Identity = "me",
                RetryPeriod = retry ?? TimeSpan.FromSeconds(60),
            },
            TimeProvider.System);

    private Task SendLeaseAsync(HttpContext context) => FakeApi.Json(_lease)(context);

    private async Task ReplaceLeaseAsync(HttpContext context)
    {
        await StoreLeaseAsync(context);
        await SendLeaseAsync(context);
    }

    private async Task StoreLeaseAsync(HttpContext context)
    {
        using StreamReader body = new(context.Request.Body);
        _lease = await body.ReadToEndAsync();
    }
}
