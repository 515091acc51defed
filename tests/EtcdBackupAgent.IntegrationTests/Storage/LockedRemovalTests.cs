using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Locks;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Testing.Storage;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>What prune and delete do with locked snapshots, and what an attacker's deletions leave behind.</summary>
[Collection(RgwTests.Name)]
public sealed class LockedRemovalTests(RgwFixture fixture) : IDisposable
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly LockedRepository _scene = new(fixture);

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task Prune_keeps_a_locked_snapshot_and_removes_every_version_when_the_lock_is_over()
    {
        BackupRepository repository = await LockedRepository.InitAsync(_scene.Open(TimeSpan.FromSeconds(8)));
        BackupOutcome old = await _scene.BackUpAsync(repository);
        BackupOutcome newest = await _scene.BackUpAsync(
            await BackupRepository.OpenAsync(_scene.Open(Hour), CancellationToken.None));

        PruneReport locked = await PruneAsync(repository, newest);
        RetentionDecision stays = Assert.Single(locked.OnlyLocked);
        Assert.Equal(old.Folder, stays.Snapshot.Folder);
        Assert.Contains("but locked until", stays.Reason, StringComparison.Ordinal);
        Assert.Empty(locked.Removed);
        Assert.DoesNotContain(await _scene.VersionsAsync(), version => version.IsDeleteMarker);

        await LockedRepository.UntilOverAsync(stays.Snapshot.Lock!);
        PruneReport over = await PruneAsync(repository, newest);

        Assert.Equal(old.Folder, Assert.Single(over.Removed).Snapshot.Folder);
        Assert.Empty(over.Warnings);
        Assert.Empty(await _scene.VersionsAsync(old.Folder.ToString()));
        Assert.NotEmpty(await _scene.VersionsAsync(newest.Folder.ToString()));
    }

    [Fact]
    public async Task Delete_refuses_a_locked_snapshot_with_its_date_and_removes_nothing()
    {
        BackupRepository repository = await LockedRepository.InitAsync(_scene.Open(Hour));
        BackupOutcome made = await _scene.BackUpAsync(repository);
        IReadOnlyList<ObjectVersion> before = await _scene.VersionsAsync();

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => new DeleteRun(repository, "test").ExecuteAsync(made.Folder.Id.Value, CancellationToken.None));

        Assert.Equal(FailureReason.ObjectLocked, e.Reason);
        ObjectLock found = (await _scene.Locks.FindAsync(made.Folder.ManifestKey, CancellationToken.None))!;
        Assert.StartsWith(
            $"Snapshot {made.Folder.Id} was not removed: it is locked until {found}, with ",
            e.Message,
            StringComparison.Ordinal);
        Assert.Equal(before, await _scene.VersionsAsync());
    }

    [Fact]
    public async Task Objects_of_an_unfinished_backup_that_are_locked_stay_with_a_warning()
    {
        BackupRepository repository = await LockedRepository.InitAsync(_scene.Open(Hour));
        SnapshotFolder folder = await repository.NewFolderAsync(
            TimeProvider.System.GetUtcNow(), CancellationToken.None);
        await repository.Store.PutAsync(folder.Key("etcd.db.zst.age"), new PatternStream(10), CancellationToken.None);

        PruneReport report = await new PruneRun(repository, "test", TimeProvider.System) { UnreferencedAge = -Hour }
            .ExecuteAsync(rule: null, dryRun: false, CancellationToken.None);

        string warning = Assert.Single(report.Warnings);
        Assert.StartsWith(
            "Not all objects of unfinished backups were removed: ", warning, StringComparison.Ordinal);
        Assert.Contains("is locked until", warning, StringComparison.Ordinal);
        Assert.Single(await _scene.VersionsAsync(folder.ToString()));
    }

    [Fact]
    public async Task A_passphrase_whose_key_is_locked_is_reported_as_still_valid()
    {
        BackupRepository repository = await LockedRepository.InitAsync(_scene.Open(Hour));
        using AgePassphrase old = new("correct horse");
        using AgePassphrase replacement = new("battery staple");

        BackupException e = await Assert.ThrowsAsync<BackupException>(() =>
            new RepositoryKeys(repository, TimeProvider.System).ChangePassphraseAsync(
                old, replacement, CancellationToken.None));

        Assert.Equal(FailureReason.ObjectLocked, e.Reason);
        Assert.Contains("the old one is still there", e.Message, StringComparison.Ordinal);
        Assert.Contains("is locked until", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Snapshots_under_delete_markers_and_newer_versions_are_found_and_read()
    {
        BackupRepository repository = await LockedRepository.InitAsync(_scene.Open(Hour));
        BackupOutcome hidden = await _scene.BackUpAsync(repository);
        BackupOutcome overwritten = await _scene.BackUpAsync(repository);
        await DestroyAsync(overwritten.Folder.ManifestKey);
        BackupException lost = await Assert.ThrowsAsync<BackupException>(() => LockedRepository.ReadAsync(_scene.Bare));
        Assert.Equal(FailureReason.RepositoryNotFound, lost.Reason);

        using OriginalVersionsStore original = new(_scene.Open(duration: null));
        BackupRepository found = await BackupRepository.OpenAsync(original, CancellationToken.None);
        Inventory inventory = await found.TakeInventoryAsync(CancellationToken.None);

        Assert.Equal(repository.Document.Id, found.Document.Id);
        Assert.Equal(
            new[] { $"{hidden.Folder}", $"{overwritten.Folder}" }.Order(),
            inventory.Snapshots.Select(snapshot => $"{snapshot.Folder}").Order());
        Assert.All(inventory.Snapshots, snapshot => Assert.True(snapshot.IsComplete));
        using AgePassphrase passphrase = new("correct horse");
        using OpenedKeys keys = await new RepositoryKeys(found, TimeProvider.System)
            .OpenAsync(passphrase, CancellationToken.None);
        Assert.NotEmpty(keys.Identities);
    }

    [Fact]
    public void A_directory_has_no_deletions_to_ignore()
    {
        using UseCaseFixture files = new();

        BackupException e = Assert.Throws<BackupException>(() => new OriginalVersionsStore(files.Store));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains("keeps no versions", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_lock_of_the_newest_proved_snapshot_is_extended_with_the_keys()
    {
        BackupRepository repository = await LockedRepository.InitAsync(_scene.Open(Hour));
        BackupOutcome proved = await _scene.BackUpAsync(repository);
        BackupOutcome unproved = await _scene.BackUpAsync(repository);
        await repository.AddVerificationAsync(
            proved.Folder,
            SampleSnapshots.Verification(proved.Manifest, VerificationResult.Sound),
            CancellationToken.None);
        BackupRepository longer = await BackupRepository.OpenAsync(_scene.Open(10 * Hour), CancellationToken.None);

        LockExtension extended = await new LockExtendRun(longer).ExecuteAsync(
            idText: null, policy: null, CancellationToken.None);

        Assert.Equal(proved.Folder, extended.Snapshot.Folder);
        Assert.True(extended.After.Until - extended.Before!.Until > 8 * Hour);
        foreach (ObjectVersion version in await _scene.VersionsAsync())
        {
            ObjectLock? found = await _scene.Locks.FindAsync(version.Key, CancellationToken.None);
            bool isVerification = proved.Folder.IsVerification(version.Key);
            bool isOther = version.Key.Value.StartsWith(unproved.Folder.ToString(), StringComparison.Ordinal);
            Assert.Equal(isVerification ? null : isOther ? false : true, found?.Equals(extended.After));
        }
    }

    [Fact]
    public async Task The_lock_of_an_unproved_snapshot_is_never_extended()
    {
        BackupRepository repository = await LockedRepository.InitAsync(_scene.Open(Hour));
        BackupOutcome made = await _scene.BackUpAsync(repository);
        LockExtendRun run = new(repository);

        BackupException named = await Assert.ThrowsAsync<BackupException>(
            () => run.ExecuteAsync(made.Folder.Id.Value, policy: null, CancellationToken.None));
        BackupException newest = await Assert.ThrowsAsync<BackupException>(
            () => run.ExecuteAsync(idText: null, policy: null, CancellationToken.None));

        Assert.Equal(
            (FailureReason.Refused, FailureReason.SnapshotNotFound), (named.Reason, newest.Reason));
    }

    private static Task<PruneReport> PruneAsync(BackupRepository repository, BackupOutcome newest) =>
        new PruneRun(repository, "test", TimeProvider.System).ExecuteAsync(
            RetentionRule.After(newest.Manifest, PolicyRetention.Newest(1)), dryRun: false, CancellationToken.None);

    /// <summary>Overwrites one object and hides all others, as someone with all keys of the bucket can.</summary>
    private async Task DestroyAsync(ObjectKey overwritten)
    {
        ObjectKey[] keys =
        [
            .. await _scene.Bare.ListAsync("", CancellationToken.None).Select(found => found.Key).ToListAsync(),
        ];
        await _scene.Bare.PutAsync(overwritten, new PatternStream(10), CancellationToken.None);
        await _scene.Bare.DeleteAsync([.. keys.Where(key => key != overwritten)], CancellationToken.None);
    }
}
