using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Network;
using EtcdBackupAgent.Testing.Storage;
using EtcdBackupAgent.Testing.Time;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>Connections that break: the store recovers if possible, and otherwise reports where it failed.</summary>
[Collection(RgwTests.Name)]
public sealed class S3FailureTests(RgwFixture fixture)
{
    private const long SeveralParts = (5L << 20) * 8;

    private static readonly ObjectKey Key = new("data/object");

    private readonly S3Options _options = fixture.Options();

    [Fact]
    public async Task Parts_whose_connections_are_cut_are_sent_again()
    {
        await using TcpProxy proxy = new(fixture.Server.HttpEndpoint.Port) { ToServer = { FaultAfterBytes = 3 << 20 } };
        using S3ObjectStore store = await OpenAsync(proxy);
        proxy.ToServer.FaultsLeft = 3;

        long stored = await store.PutAsync(Key, new PatternStream(SeveralParts), CancellationToken.None);

        Assert.Equal(SeveralParts, stored);
        Assert.Equal(3, proxy.ToServer.Faults);
        await AssertContentAsync(store, SeveralParts);
    }

    [Fact]
    public async Task Lost_responses_neither_fail_a_put_nor_make_a_creation_look_like_anothers()
    {
        await using TcpProxy proxy = new(fixture.Server.HttpEndpoint.Port) { ToClient = { FaultAfterBytes = 1 } };
        using S3ObjectStore store = await OpenAsync(proxy);

        // The request that starts the upload loses its response, and so does the next one.
        proxy.ToClient.FaultsLeft = 2;
        await store.PutAsync(Key, new PatternStream(9 << 20), CancellationToken.None);
        proxy.ToClient.FaultsLeft = 2;
        bool created = await store.TryCreateAsync(new ObjectKey("manifest.json"), new byte[10], CancellationToken.None);

        Assert.True(created);
        Assert.Equal(4, proxy.ToClient.Faults);
        await AssertContentAsync(store, 9 << 20);
    }

    [Fact]
    public async Task A_completion_whose_response_is_lost_is_recognized_as_done()
    {
        await using TcpProxy proxy = new(fixture.Server.HttpEndpoint.Port) { ToClient = { FaultAfterBytes = 1 } };
        using S3ObjectStore store = await OpenAsync(proxy);
        const long Length = (8 << 20) + 10;
        PatternStream content = new(Length)
        {
            At = Length,
            Reached = async token =>
            {
                // The first part is stored. The second is being sent when the content ends, and the completion follows
                // it.
                S3ObjectStore direct = new(_options, TimeProvider.System);
                await TestDeadline.UntilAsync(
                    "the first part", async () => await direct.ListPendingUploadsAsync(token).AnyAsync(token), token);
                direct.Dispose();
                proxy.ToClient.FaultsLeft = 3;
            },
        };

        await store.PutAsync(Key, content, CancellationToken.None);

        Assert.Equal(3, proxy.ToClient.Faults);
        await AssertContentAsync(store, Length);
        Assert.Empty(await store.ListPendingUploadsAsync(CancellationToken.None).ToListAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_silent_connection_is_closed_and_the_request_is_sent_again(bool towardsServer)
    {
        ManualTime clock = new(TimeProvider.System.GetUtcNow());
        await using TcpProxy proxy = new(fixture.Server.HttpEndpoint.Port);
        using S3ObjectStore store = await OpenAsync(proxy, clock);
        ProxyDirection silent = towardsServer ? proxy.ToServer : proxy.ToClient;
        (silent.Fault, silent.FaultAfterBytes, silent.FaultsLeft) = (LinkFault.Hold, 1, 2);

        Task<long> put = store.PutAsync(Key, new PatternStream(9 << 20), CancellationToken.None);
        await TestDeadline.UntilAsync("the put to go on", () =>
        {
            // While bytes arrive there is no timer to wait for; and the clock of the signatures must stay near the
            // server's.
            if (silent.Faults > 0)
            {
                clock.Advance(TimeSpan.FromSeconds(1));
            }

            return Task.FromResult(put.IsCompleted);
        });

        Assert.Equal(9 << 20, await put);
        Assert.Equal(2, silent.Faults);
        await AssertContentAsync(store, 9 << 20);
    }

    [Fact]
    public async Task An_interrupted_read_continues_at_its_position()
    {
        await using TcpProxy proxy = new(fixture.Server.HttpEndpoint.Port) { ToClient = { FaultAfterBytes = 3 << 20 } };
        using S3ObjectStore store = await OpenAsync(proxy);
        await store.PutAsync(Key, new PatternStream(SeveralParts), CancellationToken.None);
        proxy.ToClient.FaultsLeft = 4;

        await AssertContentAsync(store, SeveralParts);

        Assert.Equal(4, proxy.ToClient.Faults);
    }

    [Fact]
    public async Task A_read_that_is_interrupted_repeatedly_fails_with_its_position()
    {
        await using TcpProxy proxy = new(fixture.Server.HttpEndpoint.Port) { ToClient = { FaultAfterBytes = 100_000 } };
        using S3ObjectStore store = await OpenAsync(proxy);
        await store.PutAsync(Key, new PatternStream(SeveralParts), CancellationToken.None);
        proxy.ToClient.FaultsLeft = int.MaxValue;
        await using Stream stream = await store.OpenReadAsync(Key, null, CancellationToken.None);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => stream.CopyToAsync(Stream.Null));

        Assert.Equal(FailureReason.StoreUnreachable, e.Reason);
        Assert.Contains("'data/object' beyond byte", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_whose_object_is_replaced_does_not_mix_the_two()
    {
        await using TcpProxy proxy = new(fixture.Server.HttpEndpoint.Port) { ToClient = { FaultAfterBytes = 8 << 20 } };
        using S3ObjectStore store = await OpenAsync(proxy);
        await store.PutAsync(Key, new PatternStream(SeveralParts, seed: 1), CancellationToken.None);
        proxy.ToClient.FaultsLeft = 1;
        await using Stream stream = await store.OpenReadAsync(Key, null, CancellationToken.None);
        using S3ObjectStore direct = new(_options, TimeProvider.System);
        await direct.PutAsync(Key, new PatternStream(SeveralParts, seed: 2), CancellationToken.None);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => stream.CopyToAsync(Stream.Null));

        Assert.Contains("was replaced while it was being read", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_are_not_keys_are_skipped()
    {
        using S3ObjectStore whole = new(_options, TimeProvider.System);
        await whole.EnsureCreatedAsync(CancellationToken.None);
        await S3RawPut.PutAsync(
            _options with { Endpoint = fixture.Server.HttpEndpoint },
            "dir/a b",
            "dir/",
            "dir//x",
            "dir/ok",
            "dir/ümlaut");

        Assert.Equal(
            ["dir/ok"],
            (await whole.ListAsync("", CancellationToken.None).ToListAsync()).Select(found => found.Key.Value));
    }

    private async Task<S3ObjectStore> OpenAsync(TcpProxy proxy, TimeProvider? time = null)
    {
        S3ObjectStore store = new(
            _options with { Endpoint = new Uri($"http://127.0.0.1:{proxy.Port}") }, time ?? TimeProvider.System);
        await store.EnsureCreatedAsync(CancellationToken.None);
        return store;
    }

    private static async Task AssertContentAsync(S3ObjectStore store, long length)
    {
        await using Stream stream = await store.OpenReadAsync(Key, null, CancellationToken.None);
        await PatternStream.AssertEqualAsync(length, stream);
    }
}
