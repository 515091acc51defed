using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Locks;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Storage;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>Backups that someone with all keys of the bucket cannot remove.</summary>
[Collection(RgwTests.Name)]
public sealed class LockedBackupTests(RgwFixture fixture) : IDisposable
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly LockedRepository _scene = new(fixture);

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task All_objects_of_a_snapshot_and_the_keys_have_one_date()
    {
        BackupRepository repository = await LockedRepository.InitAsync(_scene.Open(Hour));

        // The database needs several parts: the server drops the lock of such an upload.
        BackupOutcome made = await _scene.BackUpAsync(
            repository, SnapshotBytes.Create((2 * UploadPlan.PartBytesMin) + 512));

        ObjectVersion[] versions = [.. await _scene.VersionsAsync()];
        ObjectLock?[] locks = await Task.WhenAll(
            versions.Select(version => _scene.Locks.FindAsync(version.Key, CancellationToken.None)));
        ObjectLock only = Assert.IsType<ObjectLock>(Assert.Single(locks.Distinct()));
        Assert.Equal(ObjectLockMode.Compliance, only.Mode);
        Assert.InRange(
            only.Until - made.Manifest.StartedAt, Hour, Hour + TimeSpan.FromMinutes(1));
        Assert.Equal(
            ["certs.tar.zst.age", "etcd.db.zst.age", "manifest.json", "repository.json"],
            versions.Select(v => v.Key.Value.Split('/')[^1]).Where(name => name.Length != 12).Order());
        Snapshot snapshot = Assert.Single((await LockedRepository.ReadAsync(_scene.Bare)).Snapshots);
        Assert.Equal(only, snapshot.Lock);
        foreach (ObjectVersion version in versions)
        {
            BackupException e = await Assert.ThrowsAsync<BackupException>(
                () => _scene.Locks.DeleteVersionAsync(version, CancellationToken.None));
            Assert.Equal(FailureReason.ObjectLocked, e.Reason);
        }
    }

    [Fact]
    public async Task Keys_and_documents_are_locked_to_the_furthest_date_of_any_snapshot()
    {
        BackupRepository repository = await LockedRepository.InitAsync(_scene.Open(Hour));
        BackupRepository longer = await BackupRepository.OpenAsync(
            _scene.Open(10 * Hour), CancellationToken.None);

        BackupOutcome made = await _scene.BackUpAsync(longer);
        await _scene.BackUpAsync(repository);

        ObjectLock furthest = (await _scene.Locks.FindAsync(made.Folder.ManifestKey, CancellationToken.None))!;
        foreach (ObjectVersion version in (await _scene.VersionsAsync()).Where(v => LockStart.IsAccess(v.Key)))
        {
            Assert.Equal(furthest, await _scene.Locks.FindAsync(version.Key, CancellationToken.None));
        }
    }

    [Fact]
    public async Task A_base_is_locked_as_long_as_the_snapshot_that_stands_on_it()
    {
        BackupRepository repository = await LockedRepository.InitAsync(_scene.Open(Hour));
        BackupOutcome made = await _scene.BackUpAsync(repository);
        BackupRepository longer = await BackupRepository.OpenAsync(_scene.Open(10 * Hour), CancellationToken.None);
        SnapshotFolder folder = await longer.NewFolderAsync(made.Manifest.StartedAt, CancellationToken.None);

        await longer.CommitAsync(
            folder,
            RepositoryJson.Sealed(made.Manifest with
            {
                Id = folder.Id,
                FormatVersion = RepositoryJson.IncrementalFormatVersion,
                StoredKind = SnapshotKind.Incremental,
                Artifacts = [made.Manifest.Database! with { Kind = ArtifactKind.EtcdChanges }],
                Etcd = made.Manifest.Etcd! with { HashKv = null },
                Base = SnapshotBase.Of(made.Manifest),
            }),
            CancellationToken.None);

        ObjectLock upper = (await _scene.Locks.FindAsync(folder.ManifestKey, CancellationToken.None))!;
        Assert.InRange(upper.Until - made.Manifest.StartedAt, 9 * Hour, 11 * Hour);
        foreach (ObjectVersion version in await _scene.VersionsAsync(made.Folder.ToString()))
        {
            Assert.Equal(upper, await _scene.Locks.FindAsync(version.Key, CancellationToken.None));
        }
    }

    [Fact]
    public async Task The_default_of_the_bucket_is_respected()
    {
        await _scene.Locks.EnsureCreatedAsync(CancellationToken.None);
        using BucketOwner owner = new(fixture.Server);
        await owner.PutDefaultLockAsync(_scene.Bucket, ObjectLockMode.Governance, days: 3);
        LockedObjectStore store = _scene.Open(duration: null);
        BackupRepository repository = await LockedRepository.InitAsync(store);

        BackupOutcome made = await _scene.BackUpAsync(repository);

        Assert.Equal(
            new LockRule(ObjectLockMode.Governance, TimeSpan.FromDays(3)),
            await store.FindRuleAsync(CancellationToken.None));
        ObjectLock manifest = (await _scene.Locks.FindAsync(made.Folder.ManifestKey, CancellationToken.None))!;
        Assert.Equal(ObjectLockMode.Governance, manifest.Mode);
        Assert.InRange(
            manifest.Until - made.Manifest.StartedAt, TimeSpan.FromDays(2.9), TimeSpan.FromDays(3.1));
    }

    [Fact]
    public async Task A_bucket_without_locks_is_refused_if_locks_are_wanted()
    {
        await _scene.Bare.EnsureCreatedAsync(CancellationToken.None);

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => LockedRepository.InitAsync(_scene.Open(Hour)));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains("the bucket has no Object Lock", e.Message, StringComparison.Ordinal);
        Assert.Empty(await _scene.VersionsAsync());
    }

    [Fact]
    public async Task A_bucket_without_locks_works_as_before_if_none_are_wanted()
    {
        LockedObjectStore store = _scene.Open(duration: null);
        BackupRepository repository = await LockedRepository.InitAsync(store);

        BackupOutcome made = await _scene.BackUpAsync(repository);
        await repository.RemoveAsync(made.Folder, CancellationToken.None);

        Assert.Empty((await LockedRepository.ReadAsync(_scene.Bare)).Snapshots);
        Assert.Equal(2, (await _scene.VersionsAsync()).Count);
    }

    [Fact]
    public async Task A_lock_that_cannot_be_set_fails_the_backup_before_its_manifest()
    {
        await using FaultyS3Proxy proxy = await FaultyS3Proxy.StartAsync(fixture.Server.HttpEndpoint);
        using LockedRepository behind = new(
            fixture, fixture.Options() with { Endpoint = proxy.Endpoint, CaCertificatePem = null });
        BackupRepository repository = await LockedRepository.InitAsync(behind.Open(Hour));
        proxy.Answer = request => Task.FromResult(
            S3Calls.Of(request) == S3Call.PutObjectRetention ? new S3Answer(403, "AccessDenied") : null);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => behind.BackUpAsync(
            repository, SnapshotBytes.Create((2 * UploadPlan.PartBytesMin) + 512)));

        Assert.Equal(FailureReason.StoreDenied, e.Reason);
        Assert.Contains("is not locked, and could not be locked until", e.Message, StringComparison.Ordinal);
        Assert.Contains("s3:PutObjectRetention", e.Hint, StringComparison.Ordinal);
        Assert.Empty((await LockedRepository.ReadAsync(behind.Bare)).Snapshots);
        Assert.DoesNotContain(
            await behind.VersionsAsync(),
            version => version.Key.Value.EndsWith(".db.zst.age", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_snapshot_is_removed_with_all_versions_when_its_lock_is_over()
    {
        BackupRepository repository = await LockedRepository.InitAsync(_scene.Open(TimeSpan.FromSeconds(3)));
        BackupOutcome made = await _scene.BackUpAsync(repository);
        ObjectLock over = (await _scene.Locks.FindAsync(made.Folder.ManifestKey, CancellationToken.None))!;
        // Someone hides the manifest and overwrites the certificates.
        await _scene.Bare.DeleteAsync([made.Folder.ManifestKey], CancellationToken.None);
        await _scene.Bare.PutAsync(made.Manifest.Artifacts[1].Key, new PatternStream(3), CancellationToken.None);
        await LockedRepository.UntilOverAsync(over);

        await repository.RemoveAsync(made.Folder, CancellationToken.None);

        Assert.Empty(await _scene.VersionsAsync(SnapshotFolder.Root));
    }

    [Fact]
    public async Task A_locked_object_is_not_hidden_by_a_delete_marker()
    {
        BackupRepository repository = await LockedRepository.InitAsync(_scene.Open(Hour));
        BackupOutcome made = await _scene.BackUpAsync(repository);

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => repository.RemoveAsync(made.Folder, CancellationToken.None));

        Assert.Equal(FailureReason.ObjectLocked, e.Reason);
        Assert.Contains("is locked until", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(await _scene.VersionsAsync(), version => version.IsDeleteMarker);
    }
}
