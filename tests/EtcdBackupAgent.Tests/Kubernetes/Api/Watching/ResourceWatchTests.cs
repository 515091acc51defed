using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Watching;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Time;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Api.Watching;

/// <summary>What a watch tells while its server does everything that goes wrong.</summary>
public sealed class ResourceWatchTests
{
    private const string Cut = "interrupted KubernetesUnreachable";
    private static readonly ResourceKind Pods = new("", "v1", "pods");

    [Fact]
    public async Task A_watch_lists_and_then_tells_what_changes()
    {
        string[] told = await ToldAsync(
            count: 5,
            List(10, Item("a", 1), Item("b", 2)),
            FakeApi.Lines(cut: false, Event("MODIFIED", Item("a", 11)), Event("DELETED", Item("b", 12))));

        Assert.Equal(["a at 1", "b at 2", "listed", "a at 11", "b deleted"], told);
    }

    [Fact]
    public async Task A_watch_goes_on_where_it_was_after_a_cut()
    {
        await using FakeApi api = await FakeApi.StartAsync(
            List(10),
            FakeApi.Lines(cut: true, Event("ADDED", Item("a", 11)), Event("BOOKMARK", Item("", 20))),
            FakeApi.Lines(cut: false, Event("ADDED", Item("b", 21))));

        string[] told = await ToldAsync(api, count: 4);

        Assert.Equal(["listed", "a at 11", Cut, "b at 21"], told);
        Assert.Equal(["", "10", "20"], [.. api.Requests.Select(VersionOf)]);
    }

    [Fact]
    public async Task A_line_that_was_cut_off_is_not_told()
    {
        string whole = Event("ADDED", Item("a", 11));

        string[] told = await ToldAsync(
            count: 3,
            List(10),
            async context =>
            {
                await context.Response.WriteAsync($"{whole}\n{Event("ADDED", Item("b", 12))}");
            },
            FakeApi.Lines(cut: false, Event("ADDED", Item("c", 13))));

        Assert.Equal(["listed", "a at 11", "c at 13"], told);
    }

    [Fact]
    public async Task A_version_that_is_too_old_is_listed_again_and_only_the_difference_told()
    {
        string[] told = await ToldAsync(
            count: 8,
            List(10, Item("a", 1), Item("b", 2), Item("c", 3)),
            FakeApi.Lines(
                cut: false,
                """{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"""),
            List(30, Item("a", 1), Item("c", 25), Item("d", 26)));

        Assert.Equal(["a at 1", "b at 2", "c at 3", "listed", "b gone", "c at 25", "d at 26", "listed"], told);
    }

    [Fact]
    public async Task An_answer_that_the_version_is_too_old_is_the_same()
    {
        string[] told = await ToldAsync(
            count: 3, List(10), FakeApi.Refusal(410, "Expired", "too old"), List(30, Item("a", 12)));

        Assert.Equal(["listed", "a at 12", "listed"], told);
    }

    [Fact]
    public async Task A_server_for_which_every_version_is_too_old_is_not_asked_without_a_pause()
    {
        string[] told = await ToldAsync(
            count: 4,
            List(10),
            FakeApi.Refusal(410, "Expired", "too old"),
            List(10),
            FakeApi.Refusal(410, "Expired", "too old"),
            List(10, Item("a", 5)));

        Assert.Equal(["listed", "listed", "interrupted KubernetesFailed", "a at 5"], told);
    }

    [Fact]
    public async Task A_watch_that_ends_at_once_is_not_opened_again_without_a_pause()
    {
        string[] told = await ToldAsync(count: 2, List(10), FakeApi.Lines(cut: false));

        Assert.Equal(["listed", Cut], told);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("""{"type":"ADDED","object":[]}""")]
    public async Task Garbage_is_gone_around_with_a_new_list(string line)
    {
        string[] told = await ToldAsync(count: 4, List(10), FakeApi.Lines(cut: false, line), List(12, Item("a", 11)));

        Assert.Equal(["listed", "interrupted KubernetesFailed", "a at 11", "listed"], told);
    }

    [Fact]
    public async Task An_object_made_again_under_its_name_is_another_one()
    {
        string[] told = await ToldAsync(
            count: 4, List(10, Item("a", 1, "u1")), FakeApi.Lines(cut: false, Event("ADDED", Item("a", 12, "u2"))));

        Assert.Equal(["a at 1", "listed", "a gone", "a at 12"], told);
    }

    [Fact]
    public async Task A_denied_watch_is_told_and_tried_again()
    {
        string[] told = await ToldAsync(count: 2, FakeApi.Refusal(403, "Forbidden", "not you"), List(10));

        Assert.Equal(["interrupted KubernetesDenied", "listed"], told);
    }

    [Fact]
    public void Pauses_grow_to_their_limit_and_begin_anew()
    {
        BackOff backOff = new(TimeProvider.System, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

        double[] seconds = [.. Enumerable.Range(0, 8).Select(_ => backOff.Next().TotalSeconds)];
        backOff.Reset();

        Assert.All(
            seconds.Zip([1.0, 2, 4, 8, 16, 30, 30, 30]),
            pair => Assert.InRange(pair.First, pair.Second / 2, pair.Second));
        Assert.InRange(backOff.Next().TotalSeconds, 0.5, 1);
    }

    private static async Task<string[]> ToldAsync(int count, params RequestDelegate[] answers)
    {
        await using FakeApi api = await FakeApi.StartAsync(answers);
        return await ToldAsync(api, count);
    }

    private static async Task<string[]> ToldAsync(FakeApi api, int count)
    {
        ManualTime time = new(DateTimeOffset.UnixEpoch);
        using KubernetesClient client = api.Client(time);
        ResourceWatch watch = new(client, Pods, "n", ResourceSelection.All, time);
        using CancellationTokenSource deadline = new(TestDeadline.Patience);
        await using IAsyncEnumerator<ResourceChange> changes = watch.ReadAsync(deadline.Token).GetAsyncEnumerator();
        List<string> told = [];
        TimeSpan pause = TimeSpan.Zero;
        while (told.Count < count)
        {
            ValueTask<bool> next = changes.MoveNextAsync();
            // The pause began in the line above.
            time.Advance(pause);
            Assert.True(await next);
            pause = (changes.Current as WatchInterrupted)?.RetryIn ?? TimeSpan.Zero;
            told.Add(changes.Current switch
            {
                ResourcePresent present => $"{present.Key.Name} at {ObjectMetadata.ResourceVersion(present.Item)}",
                ResourceGone { Last: { } last } => $"{ObjectMetadata.Name(last)} deleted",
                ResourceGone gone => $"{gone.Key.Name} gone",
                WatchInterrupted interrupted => $"interrupted {interrupted.Failure.Reason}",
                _ => "listed",
            });
        }

        return [.. told];
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
