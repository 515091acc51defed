using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Watching;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Time;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Api.Watching;

/// <summary>What a watch reports while its server fails in many ways.</summary>
public sealed class ResourceWatchTests
{
    private const string Cut = "interrupted KubernetesUnreachable";
    private static readonly ResourceKind Pods = new("", "v1", "pods");

    [Fact]
    public async Task A_watch_lists_and_then_reports_changes()
    {
        string[] reported = await ReportedAsync(
            count: 5,
            List(10, Item("a", 1), Item("b", 2)),
            FakeApi.Lines(cut: false, Event("MODIFIED", Item("a", 11)), Event("DELETED", Item("b", 12))));

        Assert.Equal(["a at 1", "b at 2", "listed", "a at 11", "b deleted"], reported);
    }

    [Fact]
    public async Task A_watch_continues_at_its_version_after_a_lost_connection()
    {
        await using FakeApi api = await FakeApi.StartAsync(
            List(10),
            FakeApi.Lines(cut: true, Event("ADDED", Item("a", 11)), Event("BOOKMARK", Item("", 20))),
            FakeApi.Lines(cut: false, Event("ADDED", Item("b", 21))));

        string[] reported = await ReportedAsync(api, count: 4);

        Assert.Equal(["listed", "a at 11", Cut, "b at 21"], reported);
        Assert.Equal(["", "10", "20"], [.. api.Requests.Select(VersionOf)]);
    }

    [Fact]
    public async Task A_truncated_line_is_not_reported()
    {
        string whole = Event("ADDED", Item("a", 11));

        string[] reported = await ReportedAsync(
            count: 3,
            List(10),
            async context =>
            {
                await context.Response.WriteAsync($"{whole}\n{Event("ADDED", Item("b", 12))}");
            },
            FakeApi.Lines(cut: false, Event("ADDED", Item("c", 13))));

        Assert.Equal(["listed", "a at 11", "c at 13"], reported);
    }

    [Fact]
    public async Task After_an_expired_version_the_objects_are_listed_and_only_the_difference_is_reported()
    {
        string[] reported = await ReportedAsync(
            count: 8,
            List(10, Item("a", 1), Item("b", 2), Item("c", 3)),
            FakeApi.Lines(
                cut: false,
                """{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"""),
            List(30, Item("a", 1), Item("c", 25), Item("d", 26)));

        Assert.Equal(["a at 1", "b at 2", "c at 3", "listed", "b gone", "c at 25", "d at 26", "listed"], reported);
    }

    [Fact]
    public async Task An_expired_version_as_the_response_has_the_same_effect()
    {
        string[] reported = await ReportedAsync(
            count: 3, List(10), FakeApi.Refusal(410, "Expired", "too old"), List(30, Item("a", 12)));

        Assert.Equal(["listed", "a at 12", "listed"], reported);
    }

    [Fact]
    public async Task If_every_version_is_expired_there_is_a_pause_between_requests()
    {
        string[] reported = await ReportedAsync(
            count: 4,
            List(10),
            FakeApi.Refusal(410, "Expired", "too old"),
            List(10),
            FakeApi.Refusal(410, "Expired", "too old"),
            List(10, Item("a", 5)));

        Assert.Equal(["listed", "listed", "interrupted KubernetesFailed", "a at 5"], reported);
    }

    [Fact]
    public async Task A_watch_that_ends_at_once_is_opened_again_after_a_pause()
    {
        string[] reported = await ReportedAsync(count: 2, List(10), FakeApi.Lines(cut: false));

        Assert.Equal(["listed", Cut], reported);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("""{"type":"ADDED","object":[]}""")]
    public async Task After_an_invalid_event_the_objects_are_listed_again(string line)
    {
        string[] reported = await ReportedAsync(
            count: 4, List(10), FakeApi.Lines(cut: false, line), List(12, Item("a", 11)));

        Assert.Equal(["listed", "interrupted KubernetesFailed", "a at 11", "listed"], reported);
    }

    [Fact]
    public async Task An_object_that_is_created_again_with_its_name_is_another_object()
    {
        string[] reported = await ReportedAsync(
            count: 4, List(10, Item("a", 1, "u1")), FakeApi.Lines(cut: false, Event("ADDED", Item("a", 12, "u2"))));

        Assert.Equal(["a at 1", "listed", "a gone", "a at 12"], reported);
    }

    [Fact]
    public async Task A_denied_watch_is_reported_and_retried()
    {
        string[] reported = await ReportedAsync(count: 2, FakeApi.Refusal(403, "Forbidden", "not you"), List(10));

        Assert.Equal(["interrupted KubernetesDenied", "listed"], reported);
    }

    [Fact]
    public void Pauses_grow_to_their_limit_and_are_reset()
    {
        BackOff backOff = new(TimeProvider.System, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

        double[] seconds = [.. Enumerable.Range(0, 8).Select(_ => backOff.Next().TotalSeconds)];
        backOff.Reset();

        Assert.All(
            seconds.Zip([1.0, 2, 4, 8, 16, 30, 30, 30]),
            pair => Assert.InRange(pair.First, pair.Second / 2, pair.Second));
        Assert.InRange(backOff.Next().TotalSeconds, 0.5, 1);
    }

    private static async Task<string[]> ReportedAsync(int count, params RequestDelegate[] responses)
    {
        await using FakeApi api = await FakeApi.StartAsync(responses);
        return await ReportedAsync(api, count);
    }

    private static async Task<string[]> ReportedAsync(FakeApi api, int count)
    {
        ManualTime time = new(DateTimeOffset.UnixEpoch);
        using KubernetesClient client = api.Client(time);
        ResourceWatch watch = new(client, Pods, "n", ResourceSelection.All, time);
        using CancellationTokenSource deadline = new(TestDeadline.Patience);
        await using IAsyncEnumerator<ResourceChange> changes = watch.ReadAsync(deadline.Token).GetAsyncEnumerator();
        List<string> reported = [];
        TimeSpan pause = TimeSpan.Zero;
        while (reported.Count < count)
        {
            ValueTask<bool> next = changes.MoveNextAsync();
            // The pause began in the previous line.
            time.Advance(pause);
            Assert.True(await next);
            pause = (changes.Current as WatchInterrupted)?.RetryIn ?? TimeSpan.Zero;
            reported.Add(changes.Current switch
            {
                ResourcePresent present => $"{present.Key.Name} at {ObjectMetadata.ResourceVersion(present.Item)}",
                ResourceGone { Last: { } last } => $"{ObjectMetadata.Name(last)} deleted",
                ResourceGone gone => $"{gone.Key.Name} gone",
                WatchInterrupted interrupted => $"interrupted {interrupted.Failure.Reason}",
                _ => "listed",
            });
        }

        return [.. reported];
    }

    private static string Item(string name, int version, string uid = "u") =>
        $$$"""{"metadata":{"name":"{{{name}}}","namespace":"n","uid":"{{{uid}}}","resourceVersion":"{{{version}}}"}}""";

    private static string Event(string type, string item) => $$"""{"type":"{{type}}","object":{{item}}}""";

    private static RequestDelegate List(int version, params string[] items) => FakeApi.Json(
        $$$"""{"metadata":{"resourceVersion":"{{{version}}}"},"items":[{{{string.Join(',', items)}}}]}""");

    private static string VersionOf(string request) =>
        request.Split('&').FirstOrDefault(part => part.StartsWith("resourceVersion=", StringComparison.Ordinal))
            is { } part
            ? part["resourceVersion=".Length..]
            : "";
}
