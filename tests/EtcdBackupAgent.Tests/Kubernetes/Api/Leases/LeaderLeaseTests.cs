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

    [Fact]
    public async Task The_lease_of_another_process_is_free_once_it_did_not_change_for_its_duration()
    {
        int version = 0;
        List<string> methods = [];
        RequestDelegate[] answers = [.. Enumerable.Repeat<RequestDelegate>(AnswerOtherAsync, 20)];
        await using FakeApi api = await FakeApi.StartAsync(answers);
        using KubernetesClient client = api.Client(TimeProvider.System);

        await Lease(client, retry: TimeSpan.FromSeconds(2), new WaitingTime())
            .RunAsync(_ => Task.CompletedTask, _failures.Add, CancellationToken.None);

        // Five times it has just been renewed; 2 s after each other come 7 that are too early, and one 16 s later.
        Assert.Equal([.. Enumerable.Repeat("GET", 5 + 8), "PUT", "GET", "PUT"], methods);
        Assert.Empty(_failures);

        async Task AnswerOtherAsync(HttpContext context)
        {
            methods.Add(context.Request.Method);
            if (methods.Contains("PUT"))
            {
                await (context.Request.Method == "PUT" ? ReplaceLeaseAsync(context) : SendLeaseAsync(context));
                return;
            }

            version = Math.Min(version + 1, 5);
            await FakeApi.Json(
                $$$"""{"metadata":{"resourceVersion":"{{{version}}}"},"spec":{"holderIdentity":"other"}}""")(context);
        }
    }

    [Fact]
    public async Task Work_that_is_safe_without_the_lease_starts_when_the_server_stays_away()
    {
        await using FakeApi api = await FakeApi.StartAsync(
            [.. Enumerable.Repeat(FakeApi.Refusal(503, "ServiceUnavailable", "away"), 20)]);
        using KubernetesClient client = api.Client(TimeProvider.System);

        await Lease(client, retry: TimeSpan.FromSeconds(2), new WaitingTime(), unreachableMax: TimeSpan.FromSeconds(10))
            .RunAsync(_ => Task.CompletedTask, _failures.Add, CancellationToken.None);

        // At 0, 2, 4, 6, 8 and 10 s.
        Assert.Equal(6, _failures.Count);
    }

    [Fact]
    public async Task Work_that_started_without_the_lease_stops_when_another_process_turns_out_to_hold_it()
    {
        RequestDelegate away = FakeApi.Refusal(503, "ServiceUnavailable", "away");
        RequestDelegate other = FakeApi.Json(
            """{"metadata":{"resourceVersion":"7"},"spec":{"holderIdentity":"other"}}""");
        await using FakeApi api = await FakeApi.StartAsync(
            [.. Enumerable.Repeat(away, 6), .. Enumerable.Repeat(other, 3)]);
        using KubernetesClient client = api.Client(TimeProvider.System);
        using CancellationTokenSource stop = new();
        List<string> holders = [];
        int works = 0;
        LeaderLease lease = Lease(
            client,
            retry: TimeSpan.FromSeconds(2),
            new WaitingTime(),
            unreachableMax: TimeSpan.FromSeconds(10),
            other: holder =>
            {
                holders.Add(holder);
                if (holders.Count == 3)
                {
                    stop.Cancel();
                }
            });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lease.RunAsync(
            async cancellationToken =>
            {
                works++;
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            },
            _failures.Add,
            stop.Token).WaitAsync(TestDeadline.Patience));

        Assert.Equal((1, 6), (works, _failures.Count));
        Assert.Equal(["other", "other", "other"], holders);
    }

    private static LeaderLease Lease(
        KubernetesClient client,
        TimeSpan? retry = null,
        TimeProvider? time = null,
        TimeSpan? unreachableMax = null,
        Action<string>? other = null) =>
        new(
            client,
            new LeaseOptions
            {
                Namespace = "kubedr",
                Name = "lead",
                Identity = "me",
                RetryPeriod = retry ?? TimeSpan.FromSeconds(60),
                UnreachableMax = unreachableMax,
            },
            time ?? TimeProvider.System)
        {
            OtherObserved = other ?? (_ => { }),
        };

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

    /// <summary>A clock that moves on when something waits, and only then; no deadline passes.</summary>
    private sealed class WaitingTime : TimeProvider
    {
        private TimeSpan _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (state is CancellationTokenSource)
            {
                return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }

            _now += dueTime;
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
