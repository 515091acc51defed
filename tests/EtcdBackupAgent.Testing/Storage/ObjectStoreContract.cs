using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using Xunit;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>
/// Tests the contract of <see cref="IObjectStore"/>. A store is tested by a derived class that opens it; each test uses
/// its own empty store.
/// </summary>
public abstract class ObjectStoreContract : IAsyncLifetime
{
    private readonly List<IObjectStore> _opened = [];

    /// <summary>The size of the pieces in which the store reads content. The tests use lengths around it.</summary>
    protected abstract int PieceBytes { get; }

    /// <summary>A number of objects that needs more than one page of a listing.</summary>
    protected abstract int ManyObjects { get; }

    /// <summary>The store of most tests; it exists.</summary>
    protected IObjectStore Store { get; private set; } = null!; // xunit calls InitializeAsync before any test.

    /// <summary>Opens the store of this test, or the part of it below a prefix.</summary>
    protected abstract IObjectStore Open(string prefix);

    public async Task InitializeAsync()
    {
        Store = OpenTracked("");
        await Store.EnsureCreatedAsync(CancellationToken.None);
    }

    public Task DisposeAsync()
    {
        _opened.ForEach(store => store.Dispose());
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, -1)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    public async Task A_read_returns_the_content_that_was_put(int pieces, int more)
    {
        long length = ((long)pieces * PieceBytes) + more;

        long stored = await Store.PutAsync(
            new ObjectKey("data/content"),
            new PatternStream(length),
            CancellationToken.None);

        Assert.Equal(length, stored);
        await AssertContentAsync("data/content", length);
        StoredObject only = Assert.Single(await ListAsync(""));
        Assert.Equal(("data/content", length), (only.Key.Value, only.SizeBytes));
        Assert.InRange(
            (TimeProvider.System.GetUtcNow() - only.ModifiedAt).Duration(), TimeSpan.Zero, TimeSpan.FromMinutes(5));
        Assert.Empty(await PendingAsync());
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(2, 100)]
    public async Task Content_that_fails_midway_propagates_its_exception_and_leaves_nothing(int pieces, int more)
    {
        InvalidDataException failure = new("The content broke.");
        PatternStream content = new(10L * PieceBytes)
        {
            At = ((long)pieces * PieceBytes) + more,
            Reached = _ => throw failure,
        };

        Exception thrown = await Assert.ThrowsAnyAsync<Exception>(
            () => Store.PutAsync(new ObjectKey("broken"), content, CancellationToken.None));

        Assert.Same(failure, thrown);
        Assert.Empty(await ListAsync(""));
        Assert.Empty(await PendingAsync());
    }

    [Fact]
    public async Task An_exception_of_the_content_that_looks_like_a_disk_error_propagates_unchanged()
    {
        IOException failure = new("No space left on device", 28);
        PatternStream content = new(100) { At = 50, Reached = _ => throw failure };

        Assert.Same(failure, await Assert.ThrowsAsync<IOException>(
            () => Store.PutAsync(new ObjectKey("broken"), content, CancellationToken.None)));
    }

    [Fact]
    public async Task A_put_that_is_cancelled_midway_throws_and_leaves_nothing()
    {
        using CancellationTokenSource cancellation = new();
        PatternStream content = new(10L * PieceBytes)
        {
            At = (2L * PieceBytes) + 5,
            Reached = _ => cancellation.CancelAsync(),
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Store.PutAsync(new ObjectKey("cancelled"), content, cancellation.Token));

        Assert.Empty(await ListAsync(""));
        Assert.Empty(await PendingAsync());
    }

    [Fact]
    public async Task A_put_replaces_an_existing_object()
    {
        await PutAsync("twice", 1000, seed: 1);
        await PutAsync("twice", 500, seed: 2);

        await AssertContentAsync("twice", 500, seed: 2);
    }

    [Fact]
    public async Task A_put_that_fails_keeps_the_existing_object()
    {
        await PutAsync("kept", PieceBytes + 10, seed: 1);
        PatternStream content = new(3L * PieceBytes, seed: 2)
        {
            At = 2L * PieceBytes,
            Reached = _ => throw new InvalidDataException("The content broke."),
        };

        await Assert.ThrowsAsync<InvalidDataException>(
            () => Store.PutAsync(new ObjectKey("kept"), content, CancellationToken.None));

        await AssertContentAsync("kept", PieceBytes + 10, seed: 1);
    }

    [Fact]
    public async Task An_object_is_visible_only_after_all_its_bytes_are_put()
    {
        IReadOnlyList<StoredObject>? seen = null;
        PatternStream content = new(3L * PieceBytes)
        {
            At = (2L * PieceBytes) + 1,
            Reached = async _ => seen = await ListAsync(""),
        };

        await Store.PutAsync(new ObjectKey("slow"), content, CancellationToken.None);

        Assert.NotNull(seen);
        Assert.Empty(seen);
        Assert.Single(await ListAsync(""));
    }

    [Fact]
    public async Task Exactly_one_of_eight_writers_creates_the_same_object()
    {
        ObjectKey key = new("locks/one");
        for (int round = 0; round < 5; round++)
        {
            using Barrier start = new(8);
            Task<bool>[] writers =
            [
                .. Enumerable.Range(0, 8).Select(writer => Task.Factory.StartNew(
                    () =>
                    {
                        start.SignalAndWait();
                        return Store.TryCreateAsync(key, PatternStream.Bytes(64, writer), CancellationToken.None);
                    },
                    CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()),
            ];
            bool[] created = await Task.WhenAll(writers);

            int winner = Array.IndexOf(created, true);
            Assert.Single(created, one => one);
            await AssertContentAsync(key.Value, 64, winner);
            Assert.Empty(await PendingAsync());
            await Store.DeleteAsync([key], CancellationToken.None);
        }
    }

    [Fact]
    public async Task Create_does_not_change_an_existing_object()
    {
        await PutAsync("there", 10, seed: 1);

        Assert.False(
            await Store.TryCreateAsync(new ObjectKey("there"), PatternStream.Bytes(20, 2), CancellationToken.None));
        Assert.True(
            await Store.TryCreateAsync(new ObjectKey("new"), PatternStream.Bytes(20, 2), CancellationToken.None));

        await AssertContentAsync("there", 10, seed: 1);
        await AssertContentAsync("new", 20, seed: 2);
    }

    [Theory]
    [InlineData(0, 10L, 0, 10)]
    [InlineData(5, 1L, 5, 1)]
    [InlineData(90, 10L, 90, 10)]
    [InlineData(90, 50L, 90, 10)]
    [InlineData(99, null, 99, 1)]
    [InlineData(0, null, 0, 100)]
    [InlineData(30, 0L, 0, 0)]
    [InlineData(100, null, 0, 0)]
    [InlineData(200, 5L, 0, 0)]
    public async Task A_range_returns_the_bytes_that_exist_in_it(long offset, long? length, int start, int count)
    {
        await PutAsync("ranged", 100);

        await using Stream stream = await Store.OpenReadAsync(
            new ObjectKey("ranged"), new ByteRange(offset, length), CancellationToken.None);
        using MemoryStream read = new();
        await stream.CopyToAsync(read);

        Assert.Equal(PatternStream.Bytes(100).AsSpan(start, count).ToArray(), read.ToArray());
    }

    [Fact]
    public async Task A_range_of_an_empty_object_is_empty()
    {
        await PutAsync("empty", 0);

        await using Stream stream = await Store.OpenReadAsync(
            new ObjectKey("empty"), new ByteRange(0, null), CancellationToken.None);

        await PatternStream.AssertEqualAsync(0, stream);
    }

    [Fact]
    public async Task A_missing_object_is_reported_with_key_and_store()
    {
        await PutAsync("snapshots/a/manifest.json", 10);
        foreach (string key in new[] { "missing", "snapshots", "snapshots/a", "snapshots/a/b/c" })
        {
            BackupException e = await Assert.ThrowsAsync<BackupException>(
                () => Store.OpenReadAsync(new ObjectKey(key), null, CancellationToken.None));
            Assert.Equal(FailureReason.ObjectNotFound, e.Reason);
            Assert.Contains($"'{key}'", e.Message, StringComparison.Ordinal);
            Assert.Contains(Store.Address, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_listing_is_in_ordinal_order_and_contains_only_its_prefix()
    {
        string[] keys =
        [
            "A", "a-b/x", "a.b", "a/b", "a/b.c", "a/c/d", "a0", "aa", "b/a/0", "b/a/00", "b/a-0", "repository.json",
        ];
        foreach (string key in keys.Reverse())
        {
            await PutAsync(key, 3);
        }

        Assert.Equal(keys.Order(StringComparer.Ordinal), Keys(await ListAsync("")));
        Assert.Equal(["a/b", "a/b.c", "a/c/d"], Keys(await ListAsync("a/")));
        Assert.Equal(["a/b", "a/b.c"], Keys(await ListAsync("a/b")));
        Assert.Equal(["b/a-0", "b/a/0", "b/a/00"], Keys(await ListAsync("b/a")));
        Assert.Empty(await ListAsync("c"));
    }

    [Fact]
    public async Task More_objects_than_one_page_are_all_listed_and_all_deleted()
    {
        ObjectKey[] keys = [.. Enumerable.Range(0, ManyObjects).Select(i => new ObjectKey($"many/{i:D5}"))];
        await Parallel.ForEachAsync(
            keys,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (key, token) => await Store.PutAsync(key, new PatternStream(3), token));

        Assert.Equal(keys.Select(key => key.Value), Keys(await ListAsync("many/")));
        await Store.DeleteAsync(keys, CancellationToken.None);

        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task Delete_removes_existing_objects_and_ignores_missing_ones()
    {
        await PutAsync("a/1", 3);
        await PutAsync("a/2", 3);
        await PutAsync("a/b/3", 3);

        await Store.DeleteAsync(
            [new ObjectKey("a/1"), new ObjectKey("missing"), new ObjectKey("x/y/z"), new ObjectKey("a/b/3")],
            CancellationToken.None);
        await Store.DeleteAsync([], CancellationToken.None);

        Assert.Equal(["a/2"], Keys(await ListAsync("")));
    }

    [Fact]
    public async Task An_unfinished_put_is_listed_with_its_start_and_can_be_aborted()
    {
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        PatternStream content = new(3L * PieceBytes)
        {
            At = (2L * PieceBytes) + 1,
            Reached = async _ =>
            {
                reached.SetResult();
                await goOn.Task;
            },
        };
        DateTimeOffset before = TimeProvider.System.GetUtcNow();
        Task<long> put = Store.PutAsync(new ObjectKey("data/unfinished"), content, CancellationToken.None);
        await reached.Task.WaitAsync(TestDeadline.Patience);

        PendingUpload pending = Assert.Single(await PendingAsync());
        Assert.Equal("data/unfinished", pending.Key);
        // Stores record whole seconds.
        Assert.InRange(pending.StartedAt, before.AddSeconds(-2), TimeProvider.System.GetUtcNow().AddSeconds(2));
        await Store.AbortUploadAsync(pending, CancellationToken.None);
        Assert.Empty(await PendingAsync());
        await Store.AbortUploadAsync(pending, CancellationToken.None);

        goOn.SetResult();
        BackupException e = await Assert.ThrowsAsync<BackupException>(() => put);
        Assert.Equal(FailureReason.StoreFailed, e.Reason);
        Assert.Contains("'data/unfinished'", e.Message, StringComparison.Ordinal);
        Assert.Empty(await ListAsync(""));
        Assert.Empty(await PendingAsync());
    }

    [Fact]
    public async Task Stores_with_different_prefixes_do_not_see_each_others_objects()
    {
        IObjectStore one = OpenTracked("one");
        IObjectStore oneMore = OpenTracked("one-more");
        await one.EnsureCreatedAsync(CancellationToken.None);
        await oneMore.EnsureCreatedAsync(CancellationToken.None);
        await one.PutAsync(new ObjectKey("k"), new PatternStream(1), CancellationToken.None);
        await oneMore.PutAsync(new ObjectKey("k"), new PatternStream(2), CancellationToken.None);
        PendingUpload? ofOther = null;
        PatternStream watching = new(3L * PieceBytes)
        {
            At = (2L * PieceBytes) + 1,
            Reached = async token => ofOther = await one.ListPendingUploadsAsync(token).FirstOrDefaultAsync(token),
        };

        await oneMore.PutAsync(new ObjectKey("big"), watching, CancellationToken.None);

        Assert.Null(ofOther);
        Assert.Equal(["k"], Keys(await one.ListAsync("", CancellationToken.None).ToListAsync()));
        Assert.Equal(["big", "k"], Keys(await oneMore.ListAsync("", CancellationToken.None).ToListAsync()));
        Assert.Equal(["one-more/big", "one-more/k", "one/k"], Keys(await ListAsync("one")));
        Assert.NotEqual(one.Address, oneMore.Address);
    }

    [Fact]
    public async Task Parallel_puts_each_store_their_own_content()
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 6),
            new ParallelOptions { MaxDegreeOfParallelism = 6 },
            async (i, token) => await Store.PutAsync(
                new ObjectKey($"parallel/{i}"), new PatternStream(PieceBytes + i, seed: i), token));

        for (int i = 0; i < 6; i++)
        {
            await AssertContentAsync($"parallel/{i}", PieceBytes + i, seed: i);
        }
    }

    [Fact]
    public async Task Creating_an_existing_store_changes_nothing()
    {
        await PutAsync("kept", 10);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Store.EnsureCreatedAsync(CancellationToken.None)));

        await AssertContentAsync("kept", 10);
    }

    [Fact]
    public async Task All_members_observe_a_cancelled_token()
    {
        CancellationToken cancelled = new(canceled: true);
        ObjectKey key = new("k");
        PendingUpload pending = new() { Key = "k", UploadId = "20260102T030405Z-01234567~k", StartedAt = default };

        await Throws(() => Store.EnsureCreatedAsync(cancelled));
        await Throws(() => Store.PutAsync(key, new PatternStream(1), cancelled));
        await Throws(() => Store.TryCreateAsync(key, new byte[1], cancelled));
        await Throws(() => Store.OpenReadAsync(key, null, cancelled));
        await Throws(() => Store.ListAsync("", cancelled).ToListAsync(CancellationToken.None).AsTask());
        await Throws(() => Store.DeleteAsync([key], cancelled));
        await Throws(() => Store.ListPendingUploadsAsync(cancelled).ToListAsync(CancellationToken.None).AsTask());
        await Throws(() => Store.AbortUploadAsync(pending, cancelled));

        static Task Throws(Func<Task> call) => Assert.ThrowsAnyAsync<OperationCanceledException>(call);
    }

    /// <summary>Opens a store that is disposed with the test.</summary>
    protected IObjectStore OpenTracked(string prefix)
    {
        IObjectStore store = Open(prefix);
        _opened.Add(store);
        return store;
    }

    protected async Task PutAsync(string key, long length, int seed = 1) =>
        await Store.PutAsync(new ObjectKey(key), new PatternStream(length, seed), CancellationToken.None);

    protected async Task AssertContentAsync(string key, long length, int seed = 1)
    {
        await using Stream stream = await Store.OpenReadAsync(new ObjectKey(key), null, CancellationToken.None);
        await PatternStream.AssertEqualAsync(length, stream, seed);
    }

    protected async Task<IReadOnlyList<StoredObject>> ListAsync(string prefix) =>
        await Store.ListAsync(prefix, CancellationToken.None).ToListAsync();

    protected async Task<IReadOnlyList<PendingUpload>> PendingAsync() =>
        await Store.ListPendingUploadsAsync(CancellationToken.None).ToListAsync();

    protected static IEnumerable<string> Keys(IEnumerable<StoredObject> objects) =>
        objects.Select(found => found.Key.Value);
}
