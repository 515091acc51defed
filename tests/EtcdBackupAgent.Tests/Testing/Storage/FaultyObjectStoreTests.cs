using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.Tests.Testing.Storage;

public sealed class FaultyObjectStoreTests : IDisposable
{
    private static readonly ObjectKey Key = new("k");

    private readonly TestDirectory _directory = new();
    private readonly DirectoryObjectStore _inner;
    private readonly FaultyObjectStore _store;

    public FaultyObjectStoreTests()
    {
        _inner = new DirectoryObjectStore(_directory.Path, TimeProvider.System);
        _store = new FaultyObjectStore(_inner);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(FaultMoment.Before, false)]
    [InlineData(FaultMoment.Midway, false)]
    [InlineData(FaultMoment.After, true)]
    public async Task The_chosen_put_fails_with_or_without_effect_and_the_next_succeeds(
        FaultMoment moment,
        bool exists)
    {
        _store.FailAt = 2;
        _store.Moment = moment;
        await _store.PutAsync(new ObjectKey("first"), new PatternStream(10), CancellationToken.None);

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => _store.PutAsync(Key, new PatternStream(10), CancellationToken.None));

        Assert.Equal(FailureReason.StoreFailed, e.Reason);
        Assert.True(_store.Struck);
        Assert.Equal(exists, await _inner.ListAsync("k", CancellationToken.None).AnyAsync());
        Assert.Empty(await _inner.ListPendingUploadsAsync(CancellationToken.None).ToListAsync());
        await _store.PutAsync(Key, new PatternStream(10), CancellationToken.None);
        Assert.Equal(["put first", "put k", "put k"], _store.Operations);
    }

    [Fact]
    public async Task A_store_that_fails_for_good_fails_at_every_later_call()
    {
        _store.FailAt = 1;
        _store.ForGood = true;

        await Assert.ThrowsAsync<BackupException>(() => _store.EnsureCreatedAsync(CancellationToken.None));
        await Assert.ThrowsAsync<BackupException>(
            () => _store.ListAsync("", CancellationToken.None).ToListAsync().AsTask());
        await Assert.ThrowsAsync<BackupException>(() => _store.DeleteAsync([Key], CancellationToken.None));
    }

    [Fact]
    public async Task A_read_fails_after_some_bytes()
    {
        await _inner.PutAsync(Key, new PatternStream(10), CancellationToken.None);
        _store.FailAt = 1;
        _store.Moment = FaultMoment.Midway;
        _store.MidwayBytes = 4;
        await using Stream stream = await _store.OpenReadAsync(Key, null, CancellationToken.None);

        await stream.ReadExactlyAsync(new byte[4]);
        await Assert.ThrowsAsync<BackupException>(() => stream.ReadAsync(new byte[1]).AsTask());
    }
}
