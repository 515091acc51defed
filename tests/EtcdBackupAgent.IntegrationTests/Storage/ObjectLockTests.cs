using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>Locks and versions on the real server.</summary>
[Collection(RgwTests.Name)]
public sealed class ObjectLockTests : IAsyncLifetime, IDisposable
{
    private static readonly ObjectKey Key = new("snapshots/a/content");

    private readonly RgwFixture _fixture;
    private readonly S3Options _options;
    private readonly S3ObjectStore _store;

    public ObjectLockTests(RgwFixture fixture)
    {
        _fixture = fixture;
        _options = fixture.Options();
        _store = new S3ObjectStore(_options with { Prefix = "repo" }, TimeProvider.System);
    }

    private IObjectLocks Locks => _store.Locks;

    public Task InitializeAsync() => Locks.EnsureCreatedAsync(CancellationToken.None);

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(ObjectLockMode.Governance, 100)]
    [InlineData(ObjectLockMode.Compliance, 100)]
    // The server drops the lock of an upload in parts.
    [InlineData(ObjectLockMode.Governance, UploadPlan.PartBytesMin + 100)]
    [InlineData(ObjectLockMode.Compliance, UploadPlan.PartBytesMin + 100)]
    public async Task An_object_is_locked_when_the_put_returns(ObjectLockMode mode, int length)
    {
        ObjectLock wanted = Lock(mode, TimeSpan.FromHours(1));

        long stored = await Locks.PutAsync(Key, new PatternStream(length), wanted, CancellationToken.None);

        Assert.Equal(length, stored);
        Assert.Equal(wanted, await Locks.FindAsync(Key, CancellationToken.None));
        await using Stream content = await _store.OpenReadAsync(Key, range: null, CancellationToken.None);
        Assert.Equal(wanted, Assert.IsAssignableFrom<ILockedContent>(content).Lock);
        BackupException e = await Assert.ThrowsAsync<BackupException>(DeleteOnlyVersionAsync);
        Assert.Equal(FailureReason.ObjectLocked, e.Reason);
        Assert.Contains($"'{Key}'", e.Message, StringComparison.Ordinal);
        Assert.Contains($"locked until {wanted}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lock_ends_at_its_date_and_the_version_can_then_be_removed()
    {
        ObjectLock wanted = Lock(ObjectLockMode.Compliance, TimeSpan.FromSeconds(3));
        await Locks.PutAsync(Key, new PatternStream(10), wanted, CancellationToken.None);

        await UntilRemovedAsync();

        Assert.True(TimeProvider.System.GetUtcNow() > wanted.Until);
        Assert.Empty(await VersionsAsync());
    }

    [Fact]
    public async Task A_created_object_is_locked_and_an_existing_one_keeps_its_lock()
    {
        ObjectLock wanted = Lock(ObjectLockMode.Governance, TimeSpan.FromHours(1));

        Assert.True(await Locks.TryCreateAsync(Key, "a"u8.ToArray(), wanted, CancellationToken.None));
        Assert.False(await Locks.TryCreateAsync(
            Key, "b"u8.ToArray(), Lock(ObjectLockMode.Governance, TimeSpan.FromHours(2)), CancellationToken.None));

        Assert.Equal(wanted, await Locks.FindAsync(Key, CancellationToken.None));
        Assert.Single(await VersionsAsync());
    }

    [Fact]
    public async Task A_lock_is_extended_but_never_shortened()
    {
        ObjectLock hour = Lock(ObjectLockMode.Compliance, TimeSpan.FromHours(1));
        ObjectLock day = Lock(ObjectLockMode.Compliance, TimeSpan.FromDays(1));
        await _store.PutAsync(Key, new PatternStream(10), CancellationToken.None);
        Assert.Null(await Locks.FindAsync(Key, CancellationToken.None));

        await Locks.RequireAsync(Key, hour, CancellationToken.None);
        Assert.Equal(hour, await Locks.FindAsync(Key, CancellationToken.None));
        await Locks.RequireAsync(Key, day, CancellationToken.None);
        await Locks.RequireAsync(Key, hour, CancellationToken.None);

        Assert.Equal(day, await Locks.FindAsync(Key, CancellationToken.None));
    }

    [Fact]
    public async Task The_default_of_the_bucket_is_read_and_applied_to_parts_too()
    {
        Assert.Equal(
            new BucketLocks { IsEnabled = true }, await Locks.ReadBucketAsync(CancellationToken.None));
        using BucketOwner owner = new(_fixture.Server);
        await owner.PutDefaultLockAsync(_options.BucketName, ObjectLockMode.Governance, days: 2);
        using S3ObjectStore reopened = new(_options, TimeProvider.System);

        Assert.Equal(
            new BucketLocks
            {
                IsEnabled = true,
                DefaultMode = ObjectLockMode.Governance,
                DefaultDuration = TimeSpan.FromDays(2),
            },
            await reopened.Locks.ReadBucketAsync(CancellationToken.None));
        await _store.PutAsync(Key, new PatternStream(UploadPlan.PartBytesMin + 1), CancellationToken.None);
        Assert.Equal(ObjectLockMode.Governance, (await Locks.FindAsync(Key, CancellationToken.None))?.Mode);
    }

    [Fact]
    public async Task A_bucket_without_locks_is_recognized()
    {
        using S3ObjectStore plain = new(_fixture.Options(), TimeProvider.System);
        await plain.EnsureCreatedAsync(CancellationToken.None);

        Assert.Equal(
            new BucketLocks { IsEnabled = false }, await plain.Locks.ReadBucketAsync(CancellationToken.None));
        await Assert.ThrowsAsync<BackupException>(() => plain.Locks.PutAsync(
            Key,
            new PatternStream(10),
            Lock(ObjectLockMode.Governance, TimeSpan.FromHours(1)),
            CancellationToken.None));
        Assert.Empty(await plain.ListAsync("", CancellationToken.None).ToListAsync());
    }

    [Fact]
    public async Task Versions_and_delete_markers_are_listed_newest_first_read_and_removed()
    {
        ObjectKey other = new("snapshots/a/content.more");
        await _store.PutAsync(Key, new PatternStream(1), CancellationToken.None);
        await _store.PutAsync(Key, new PatternStream(2), CancellationToken.None);
        await _store.PutAsync(other, new PatternStream(3), CancellationToken.None);
        await _store.DeleteAsync([Key], CancellationToken.None);

        IReadOnlyList<ObjectVersion> versions = await VersionsAsync();

        Assert.Equal(
            [(Key, true, 0L), (Key, false, 2), (Key, false, 1), (other, false, 3)],
            versions.Select(version => (version.Key, version.IsDeleteMarker, version.SizeBytes)));
        await using (Stream oldest =
            await Locks.OpenVersionAsync(versions[2], range: null, CancellationToken.None))
        {
            await PatternStream.AssertEqualAsync(1, oldest);
        }

        await Locks.DeleteVersionAsync(versions[0], CancellationToken.None);
        await Locks.DeleteVersionAsync(versions[0], CancellationToken.None);
        await using (Stream visible = await _store.OpenReadAsync(Key, range: null, CancellationToken.None))
        {
            await PatternStream.AssertEqualAsync(2, visible);
        }
    }

    [Fact]
    public async Task More_versions_than_one_page_are_all_listed()
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 1005),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (i, token) => await _store.PutAsync(
                new ObjectKey($"many/{i / 2:D5}"), new PatternStream(1), token));

        Assert.Equal(1005, (await VersionsAsync()).DistinctBy(version => (version.Key, version.VersionId)).Count());
    }

    [Fact]
    public async Task A_missing_object_has_no_lock_and_cannot_be_locked()
    {
        BackupException found = await Assert.ThrowsAsync<BackupException>(
            () => Locks.FindAsync(Key, CancellationToken.None));
        BackupException locked = await Assert.ThrowsAsync<BackupException>(() => Locks.RequireAsync(
            Key, Lock(ObjectLockMode.Governance, TimeSpan.FromHours(1)), CancellationToken.None));

        Assert.Equal(
            (FailureReason.ObjectNotFound, FailureReason.ObjectNotFound), (found.Reason, locked.Reason));
    }

    private static ObjectLock Lock(ObjectLockMode mode, TimeSpan duration)
    {
        DateTimeOffset until = TimeProvider.System.GetUtcNow() + duration;
        return new ObjectLock(mode, until.AddTicks(-(until.Ticks % TimeSpan.TicksPerSecond)));
    }

    private async Task<IReadOnlyList<ObjectVersion>> VersionsAsync() =>
        await Locks.ListVersionsAsync("", CancellationToken.None).ToListAsync();

    private async Task DeleteOnlyVersionAsync() =>
        await Locks.DeleteVersionAsync(Assert.Single(await VersionsAsync()), CancellationToken.None);

    private async Task UntilRemovedAsync()
    {
        using CancellationTokenSource patience = new(TestDeadline.Patience);
        while (true)
        {
            try
            {
                await DeleteOnlyVersionAsync();
                return;
            }
            catch (BackupException e) when (e.Reason == FailureReason.ObjectLocked)
            {
                patience.Token.ThrowIfCancellationRequested();
            }
        }
    }
}
