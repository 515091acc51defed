using System.Collections.Concurrent;
using System.Text;
using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Snapshots.ChangeLog;
using EtcdBackupAgent.Testing;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.ChangeLog;

public sealed class FetchedSegmentsTests
{
    private static readonly LineageId Lineage = LineageId.New();

    [Fact]
    public async Task Fetches_before_the_reader_asks_with_a_limited_number_of_requests()
    {
        using HeldStore store = new();
        LogPath path = PathOf(100, sizeBytes: 1000);
        await using FetchedSegments segments = new SegmentFetch(store, []).Begin(path, CancellationToken.None);

        await store.UntilRequestedAsync(FetchedSegments.RequestsMax);
        Assert.Equal(FetchedSegments.RequestsMax, store.Requested.Count);
        store.Release();

        for (int i = 0; i < path.Segments.Count; i++)
        {
            await using Stream stream = await segments.Path[i].OpenAsync(CancellationToken.None);
            using StreamReader text = new(stream);
            Assert.Equal(path.Segments[i].Name.Key.Value, await text.ReadToEndAsync());
        }

        Assert.Equal(path.Segments.Count, store.Requested.Count);
    }

    [Fact]
    public async Task Fetches_no_more_bytes_ahead_than_the_limit()
    {
        using HeldStore store = new();
        store.Release();
        LogPath path = PathOf(6, sizeBytes: FetchedSegments.FetchedBytesMax / 2);
        await using FetchedSegments segments = new SegmentFetch(store, []).Begin(path, CancellationToken.None);

        Assert.Equal(2, store.Requested.Count);
        await (await segments.Path[0].OpenAsync(CancellationToken.None)).DisposeAsync();
        Assert.Equal(3, store.Requested.Count);
    }

    [Fact]
    public async Task Fetches_a_segment_that_is_larger_than_the_limit()
    {
        using HeldStore store = new();
        store.Release();
        LogPath path = PathOf(2, sizeBytes: FetchedSegments.FetchedBytesMax + 1);
        await using FetchedSegments segments = new SegmentFetch(store, []).Begin(path, CancellationToken.None);

        foreach (LogSegment segment in segments.Path)
        {
            await (await segment.OpenAsync(CancellationToken.None)).DisposeAsync();
        }

        Assert.Equal(2, store.Requested.Count);
    }

    [Fact]
    public async Task A_reader_can_go_on_behind_a_segment_that_cannot_be_read()
    {
        using HeldStore store = new() { Damaged = 3 };
        store.Release();
        LogPath path = PathOf(6, sizeBytes: FetchedSegments.FetchedBytesMax);
        await using FetchedSegments segments = new SegmentFetch(store, []).Begin(path, CancellationToken.None);

        List<int> read = [];
        for (int i = 0; i < segments.Path.Count; i++)
        {
            try
            {
                await (await segments.Path[i].OpenAsync(CancellationToken.None)).DisposeAsync();
                read.Add(i);
            }
            catch (ArchiveDamagedException)
            {
                Assert.Equal(store.Damaged, i);
            }
        }

        Assert.Equal([0, 1, 2, 4, 5], read);
    }

    [Fact]
    public async Task Disposal_cancels_the_requests_and_begins_no_more()
    {
        using HeldStore store = new();
        FetchedSegments segments =
            new SegmentFetch(store, []).Begin(PathOf(100, sizeBytes: 1000), CancellationToken.None);
        await store.UntilRequestedAsync(FetchedSegments.RequestsMax);

        await segments.DisposeAsync();

        Assert.Equal(FetchedSegments.RequestsMax, store.Requested.Count);
        Assert.Equal(FetchedSegments.RequestsMax, store.Cancelled);
    }

    private static LogPath PathOf(int count, long sizeBytes) => new()
    {
        Lineage = new LineageDocument
        {
            FormatVersion = 2,
            Id = Lineage,
            ClusterId = new EtcdId(1),
            Policy = new ResourceName("a", "b"),
            Labels = new Dictionary<string, string>(StringComparer.Ordinal),
            AgentVersion = "0.0.0",
            StartedAt = DateTimeOffset.UnixEpoch,
            StartRevision = 0,
            Reason = "test",
        },
        Segments =
        [
            .. Enumerable.Range(1, count).Select(i => new StoredSegment(
                new SegmentName
                {
                    Lineage = Lineage,
                    First = i,
                    Last = i,
                    End = DateTimeOffset.UnixEpoch.AddSeconds(i),
                    Resume = new ResumeDigest((ulong)i),
                    Encryption = ArtifactEncryption.None,
                },
                sizeBytes)),
        ],
    };

    /// <summary>
    /// A store that responds when it is released. The content of an object is its key, compressed as segments are.
    /// </summary>
    private sealed class HeldStore : IObjectStore
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _cancelled;

        public ConcurrentQueue<ObjectKey> Requested { get; } = [];

        public int Cancelled => _cancelled;

        /// <summary>The number of the request that gets bytes which are not compressed; null for none.</summary>
        public int? Damaged { get; init; }

        public string Address => "held:";

        public string? LocalDirectory => null;

        public void Release() => _released.TrySetResult();

        public Task UntilRequestedAsync(int count) =>
            TestDeadline.UntilAsync($"{count} requests", () => Task.FromResult(Requested.Count >= count));

        public async Task<Stream> OpenReadAsync(
            ObjectKey key, ByteRange? range, CancellationToken cancellationToken)
        {
            int number = Requested.Count;
            Requested.Enqueue(key);
            try
            {
                await _released.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref _cancelled);
                throw;
            }

            MemoryStream content = new(Encoding.UTF8.GetBytes(key.Value));
            return number == Damaged ? content : new ZstdCompressionStream(content, new ZstdCompressionOptions());
        }

        public void Dispose() => Release();

        public Task EnsureCreatedAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<long> PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<bool> TryCreateAsync(
            ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task DeleteAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<PendingUpload> ListPendingUploadsAsync(CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task AbortUploadAsync(PendingUpload upload, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
