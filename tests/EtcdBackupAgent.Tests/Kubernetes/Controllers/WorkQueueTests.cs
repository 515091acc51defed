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
    public async Task A_name_that_is_added_while_a_worker_has_it_is_taken_once_afterwards()
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
    public async Task A_name_that_a_worker_has_does_not_delay_other_names()
    {
        _queue.Add("a");
        await TakeAsync();

        _queue.Add("b");

        Assert.Equal("b", await TakeAsync());
    }

    [Fact]
    public async Task A_delayed_name_is_taken_when_it_is_due()
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
    public async Task The_earliest_of_several_times_counts_and_the_others_are_discarded(int first, int second)
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
    public async Task A_name_that_becomes_due_while_a_worker_has_it_is_taken_afterwards()
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
    public void A_delayed_name_is_not_added_after_the_queue_is_disposed()
    {
        _queue.AddAfter("a", Minute);
        _queue.Dispose();

        _time.Advance(Minute);

        AssertEmpty();
    }

    [Fact]
    public async Task It_reports_how_many_names_are_due_and_wait()
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
    public async Task With_many_threads_no_two_workers_have_the_same_name_and_no_name_is_lost()
    {
        const int NamesMax = 5;
        int[] inProgress = new int[NamesMax];
        int[] added = new int[NamesMax];
        int[] seen = new int[NamesMax];
        int conflicts = 0;
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
        Assert.Equal(0, conflicts);

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
                if (Interlocked.Increment(ref inProgress[index]) > 1)
                {
                    Interlocked.Increment(ref conflicts);
                }

                Volatile.Write(ref seen[index], Volatile.Read(ref added[index]));
                Interlocked.Decrement(ref inProgress[index]);
                _queue.Done(name);
            }
        }
    }

    private Task<string> TakeAsync() => _queue.TakeAsync(CancellationToken.None).WaitAsync(TestDeadline.Patience);

    /// <summary>Asserts that no name is in the queue: an existing name would be taken at once.</summary>
    private void AssertEmpty()
    {
        using CancellationTokenSource stop = new();
        Task<string> next = _queue.TakeAsync(stop.Token);
        Assert.False(next.IsCompleted, next.IsCompletedSuccessfully ? next.Result : "");
        stop.Cancel();
    }
}
