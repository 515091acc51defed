using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Time;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Controllers;

public sealed class WorkQueueTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ManualTime _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly WorkQueue _queue;

    public WorkQueueTests() => _queue = new WorkQueue(_time);

    public void Dispose() => _queue.Dispose();

    [Fact]
    public async Task A_name_that_is_added_often_is_taken_once()
    {
        _queue.Add("a");
        _queue.Add("b");
        _queue.Add("a");

        Assert.Equal(["a", "b"], [await TakeAsync(), await TakeAsync()]);
        AssertEmpty();
    }

    [Fact]
    public async Task What_comes_while_somebody_has_the_name_is_looked_at_once_afterwards()
    {
        _queue.Add("a");
        string taken = await TakeAsync();
        _queue.Add("a");
        _queue.Add("a");
        AssertEmpty();

        _queue.Done(taken);

        Assert.Equal("a", await TakeAsync());
        _queue.Done("a");
        AssertEmpty();
    }

    [Fact]
    public async Task A_name_that_somebody_has_keeps_no_other_waiting()
    {
        _queue.Add("a");
        await TakeAsync();

        _queue.Add("b");

        Assert.Equal("b", await TakeAsync());
    }

    [Fact]
    public async Task What_is_for_later_comes_when_it_is_due()
    {
        _queue.AddAfter("a", Minute);
        _time.Advance(Minute - TimeSpan.FromSeconds(1));
        AssertEmpty();

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("a", await TakeAsync());
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(5, 1)]
    public async Task Of_several_times_the_earliest_counts_and_the_others_are_forgotten(int first, int second)
    {
        _queue.AddAfter("a", Minute * first);
        _queue.AddAfter("a", Minute * second);

        _time.Advance(Minute);

        Assert.Equal("a", await TakeAsync());
        _queue.Done("a");
        _time.Advance(Minute * 10);
        AssertEmpty();
    }

    [Fact]
    public async Task What_becomes_due_while_somebody_has_the_name_is_looked_at_afterwards()
    {
        _queue.Add("a");
        await TakeAsync();
        _queue.AddAfter("a", Minute);
        _time.Advance(Minute);
        AssertEmpty();

        _queue.Done("a");

        Assert.Equal("a", await TakeAsync());
    }

    [Fact]
    public void What_is_for_later_does_not_come_once_the_queue_is_gone()
    {
        _queue.AddAfter("a", Minute);
        _queue.Dispose();

        _time.Advance(Minute);

        AssertEmpty();
    }

    [Fact]
    public async Task It_tells_how_many_names_are_due_and_wait()
    {
        List<int> depths = [];
        using WorkQueue queue = new(_time) { DepthChanged = depths.Add };

        queue.Add("a");
        queue.Add("b");
        queue.AddAfter("c", Minute);
        string taken = await queue.TakeAsync(CancellationToken.None);
        queue.Add(taken);
        queue.Done(taken);
        _time.Advance(Minute);
        queue.Dispose();

        Assert.Equal([1, 2, 1, 2, 3, 0], depths);
    }

    [Fact]
    public async Task However_many_add_and_take_nobody_meets_anybody_at_one_name_and_nothing_is_lost()
    {
        const int NamesMax = 5;
        int[] underWay = new int[NamesMax];
        int[] added = new int[NamesMax];
        int[] seen = new int[NamesMax];
        int meetings = 0;
        using CancellationTokenSource stop = new();
        Task[] workers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(WorkAsync))];

        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() => AddMany(new Random(seed)))));

        await TestDeadline.UntilAsync(
            "the last state of each name to be seen",
            () =>
                Task.FromResult(
                    Enumerable.Range(0, NamesMax).All(i => Volatile.Read(ref seen[i]) == Volatile.Read(ref added[i]))));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(workers));
        Assert.Equal(0, meetings);

        void AddMany(Random random)
        {
            for (int i = 0; i < 10_000; i++)
            {
                int name = random.Next(NamesMax);
                Interlocked.Increment(ref added[name]);
                _queue.Add($"{name}");
            }
        }

        async Task WorkAsync()
        {
            while (true)
            {
                string name = await _queue.TakeAsync(stop.Token);
                int index = name[0] - '0';
                if (Interlocked.Increment(ref underWay[index]) > 1)
                {
                    Interlocked.Increment(ref meetings);
                }

                Volatile.Write(ref seen[index], Volatile.Read(ref added[index]));
                Interlocked.Decrement(ref underWay[index]);
                _queue.Done(name);
            }
        }
    }

    private Task<string> TakeAsync() => _queue.TakeAsync(CancellationToken.None).WaitAsync(TestDeadline.Patience);

    /// <summary>A name that is there is taken at once.</summary>
    private void AssertEmpty()
    {
        using CancellationTokenSource stop = new();
        Task<string> next = _queue.TakeAsync(stop.Token);
        Assert.False(next.IsCompleted, next.IsCompletedSuccessfully ? next.Result : "");
        stop.Cancel();
    }
}
