using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>
/// Content passes through a store in bounded memory. No other test runs at the same time, because its memory would
/// count.
/// </summary>
[Collection(MeasuredAlone.Name)]
public sealed class StoreMemoryTests
{
    private const long ContentBytes = 256 << 20;

    /// <summary>Memory for connections, TLS and code that is compiled at run time.</summary>
    private const long SlackBytes = 60 << 20;

    private static readonly ObjectKey Key = new("big");

    [Fact]
    public async Task S3_keeps_no_more_in_memory_than_its_parts()
    {
        await using RgwServer server = await RgwServer.StartAsync();
        S3Options options = new()
        {
            BucketName = "memory",
            Endpoint = server.HttpsEndpoint,
            CaCertificatePem = server.CaCertificatePem,
            Credentials = new S3Credentials { AccessKey = server.AccessKey, SecretKey = server.SecretKey },
        };
        using S3ObjectStore store = new(options, TimeProvider.System);

        await AssertBoundedAsync(store, UploadPlan.MemoryBytesMax + SlackBytes);
    }

    [Fact]
    public async Task A_directory_keeps_no_more_in_memory_than_its_buffers()
    {
        using TestDirectory directory = new();
        using DirectoryObjectStore store = new(directory.Path, TimeProvider.System);

        await AssertBoundedAsync(store, SlackBytes);
    }

    private static async Task AssertBoundedAsync(IObjectStore store, long limit)
    {
        await store.EnsureCreatedAsync(CancellationToken.None);
        GC.Collect();
        using MemoryWatch watch = new();

        await store.PutAsync(Key, new PatternStream(ContentBytes), CancellationToken.None);
        await using (Stream stream = await store.OpenReadAsync(Key, null, CancellationToken.None))
        {
            await PatternStream.AssertEqualAsync(ContentBytes, stream);
        }

        Assert.InRange(watch.GrowthBytes, 0, limit);
    }

    /// <summary>
    /// Measures often how much more memory the process uses than at the start, and keeps the maximum.
    /// </summary>
    private sealed class MemoryWatch : IDisposable
    {
        private readonly long _start = Environment.WorkingSet;
        private readonly Timer _timer;
        private long _most;

        public MemoryWatch() => _timer = new Timer(
            _ => _most = Math.Max(_most, Environment.WorkingSet), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(20));

        public long GrowthBytes => Math.Max(0, Math.Max(_most, Environment.WorkingSet) - _start);

        public void Dispose() => _timer.Dispose();
    }
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MeasuredAlone
{
    public const string Name = "Measured alone";
}
