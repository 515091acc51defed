using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>A server that dies in the middle of an upload. These tests have their own server.</summary>
public sealed class S3RestartTests(RgwFixture fixture) : IClassFixture<RgwFixture>
{
    private const long SeveralParts = (5L << 20) * 8;

    private static readonly ObjectKey Key = new("data/object");

    [Fact]
    public async Task A_server_that_dies_midway_fails_the_put_and_the_remaining_upload_can_be_aborted()
    {
        RgwServer server = fixture.Server;
        using S3ObjectStore store = new(fixture.Options(), TimeProvider.System);
        await store.EnsureCreatedAsync(CancellationToken.None);
        PatternStream content = new(SeveralParts)
        {
            At = 17 << 20,
            Reached = _ => server.KillAsync(),
        };

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => store.PutAsync(Key, content, CancellationToken.None).WaitAsync(TestDeadline.Patience));
        await server.RestartAsync();

        Assert.Equal(FailureReason.StoreUnreachable, e.Reason);
        Assert.Contains("'data/object'", e.Message, StringComparison.Ordinal);
        Assert.Empty(await store.ListAsync("", CancellationToken.None).ToListAsync());
        PendingUpload left = Assert.Single(await store.ListPendingUploadsAsync(CancellationToken.None).ToListAsync());
        await store.AbortUploadAsync(left, CancellationToken.None);
        Assert.Empty(await store.ListPendingUploadsAsync(CancellationToken.None).ToListAsync());
    }

    [Fact]
    public async Task A_put_waits_for_a_server_that_is_restarted_midway()
    {
        RgwServer server = fixture.Server;
        using S3ObjectStore store = new(fixture.Options(), TimeProvider.System);
        await store.EnsureCreatedAsync(CancellationToken.None);
        Task restarted = Task.CompletedTask;
        PatternStream content = new(SeveralParts)
        {
            At = 17 << 20,
            Reached = async _ =>
            {
                await server.KillAsync();
                restarted = server.RestartAsync();
            },
        };

        await store.PutAsync(Key, content, CancellationToken.None);

        await restarted;
        await using Stream stream = await store.OpenReadAsync(Key, null, CancellationToken.None);
        await PatternStream.AssertEqualAsync(SeveralParts, stream);
    }
}
