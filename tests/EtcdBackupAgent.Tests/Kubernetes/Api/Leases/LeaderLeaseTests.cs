using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Leases;
using EtcdBackupAgent.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Api.Leases;

/// <summary>What a lease does when it is told to stop at a moment that a real server gives seldom.</summary>
public sealed class LeaderLeaseTests
{
    private readonly List<BackupException> _told = [];
    private string _held = """{"metadata":{"resourceVersion":"1"},"spec":{"holderIdentity":""}}""";

    [Fact]
    public async Task Who_is_stopped_while_the_server_gives_it_the_lease_gives_it_back()
    {
        using CancellationTokenSource stop = new();
        await using FakeApi api = await FakeApi.StartAsync(
            AnswerHeldAsync,
            async context =>
            {
                await KeepAsync(context);
                await stop.CancelAsync();
                await AnswerHeldAsync(context);
            },
            AnswerHeldAsync,
            PutAsync);
        using KubernetesClient client = api.Client(TimeProvider.System);

        Task leading = Lease(client).RunAsync(
            cancellationToken => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken),
            _told.Add,
            stop.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leading.WaitAsync(TestDeadline.Patience));
        Assert.Equal(["GET", "PUT", "GET", "PUT"], api.Requests.Select(request => request.Split(' ')[0]));
        Assert.Equal("", (string?)JsonNode.Parse(_held)!["spec"]!["holderIdentity"]);
        Assert.Empty(_told);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_to_a_taking_is_asked_again()
    {
        await using FakeApi api = await FakeApi.StartAsync(
            AnswerHeldAsync,
            context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted),
            AnswerHeldAsync,
            PutAsync,
            AnswerHeldAsync,
            PutAsync);
        using KubernetesClient client = api.Client(TimeProvider.System);

        await Lease(client, retry: TimeSpan.FromSeconds(1))
            .RunAsync(_ => Task.CompletedTask, _told.Add, CancellationToken.None);

        BackupException told = Assert.Single(_told);
        Assert.Equal(FailureReason.KubernetesUnreachable, told.Reason);
        Assert.Contains("no response within 1 s", told.Message, StringComparison.Ordinal);
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

    private Task AnswerHeldAsync(HttpContext context) => FakeApi.Json(_held)(context);

    private async Task PutAsync(HttpContext context)
    {
        await KeepAsync(context);
        await AnswerHeldAsync(context);
    }

    private async Task KeepAsync(HttpContext context)
    {
        using StreamReader body = new(context.Request.Body);
        _held = await body.ReadToEndAsync();
    }
}
