using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Retention;

public sealed class PruneRunTests : IDisposable
{
    private static readonly TimeSpan JustOld = PruneRun.UnreferencedAgeMin + TimeSpan.FromMinutes(1);
    private static readonly TimeSpan NotYetOld = PruneRun.UnreferencedAgeMin - TimeSpan.FromMinutes(1);

    private readonly UseCaseFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task The_oldest_is_removed_with_all_its_objects_and_the_rest_stays_sound()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome oldest = await BackUpAsync(repository, day: 1);
        await BackUpAsync(repository, day: 2);
        BackupOutcome newest = await BackUpAsync(repository, day: 3);

        PruneReport report = await PruneAsync(repository, Rule(newest, retain: 2));

        Assert.Equal(oldest.Folder.Id, Assert.Single(report.Removed).Snapshot.Id);
        Assert.DoesNotContain(
            _fixture.StoredFiles(), f => f.Contains(oldest.Folder.Id.Value, StringComparison.Ordinal));
        Inventory left = await repository.TakeInventoryAsync(CancellationToken.None);
        Assert.Equal(2, left.Snapshots.Count(s => s.IsComplete));
    }

    [Fact]
    public async Task A_dry_run_plans_the_same_and_removes_nothing()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await BackUpAsync(repository, day: 1);
        BackupOutcome newest = await BackUpAsync(repository, day: 2);
        IReadOnlyList<string> before = _fixture.StoredFiles();

        PruneReport report = await PruneAsync(repository, Rule(newest, retain: 1), dryRun: true);

        Assert.Single(report.Removed);
        Assert.Equal(before, _fixture.StoredFiles());
    }

    [Fact]
    public async Task Objects_without_a_manifest_are_removed_when_they_are_a_day_old_and_not_before()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome made = await BackUpAsync(repository, day: 1);
        File.Delete(Path.Combine(_fixture.RepositoryPath, made.Folder.ManifestKey.Value));

        _fixture.Age(made.Folder, NotYetOld);
        PruneReport early = await PruneAsync(repository, rule: null);
        Assert.Empty(early.UnreferencedObjects);
        Assert.Equal(3, _fixture.StoredFiles().Count);

        _fixture.Age(made.Folder, JustOld);
        PruneReport due = await PruneAsync(repository, rule: null);
        Assert.Equal(2, due.UnreferencedObjects.Count);
        Assert.Equal(["repository.json"], _fixture.StoredFiles());
    }

    [Fact]
    public async Task A_clock_that_is_days_ahead_removes_nothing_of_a_running_backup()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome underWay = await BackUpAsync(repository, day: 1);
        File.Delete(Path.Combine(_fixture.RepositoryPath, underWay.Folder.ManifestKey.Value));
        IReadOnlyList<string> before = _fixture.StoredFiles();

        PruneReport alone = await PruneAsync(repository, rule: null, ahead: TimeSpan.FromDays(9));
        BackupOutcome next = await BackUpAsync(repository, day: 2);
        PruneReport after = await PruneAsync(repository, Rule(next, retain: 1), ahead: TimeSpan.FromDays(9));

        Assert.Empty(alone.UnreferencedObjects);
        Assert.Empty(after.UnreferencedObjects);
        Assert.Empty(before.Except(_fixture.StoredFiles(), StringComparer.Ordinal));
    }

    [Fact]
    public async Task Snapshots_dated_in_the_future_do_not_remove_the_one_just_made()
    {
        BackupRepository repository = await _fixture.InitAsync();
        foreach (int year in (int[])[40, 41, 42])
        {
            await _fixture.BackUpAsync(
                repository, SnapshotBytes.Create(512, year), new ShiftedTime(SampleSnapshots.NewYear.AddYears(year)));
        }

        BackupRun run = UseCaseFixture.Run(repository, SnapshotBytes.Source(SnapshotBytes.Create(512, 7)));
        BackupOutcome made = await run.ExecuteAsync(
            _fixture.Request() with { Retention = PolicyRetention.Newest(3) },
            UseCaseFixture.NoProgress,
            CancellationToken.None);

        Inventory inventory = await repository.TakeInventoryAsync(CancellationToken.None);
        Assert.Equal(made.Folder.Id, inventory.Find("latest", "here").Id);
        Assert.Equal(3, inventory.FromFuture.Count());
        Assert.Contains(
            made.Warnings,
            warning => warning.StartsWith("3 snapshots are dated in the future", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Objects_of_kubedrs_repository_in_the_same_bucket_stay()
    {
        // The object names of restic, for which the same folders have another meaning.
        string[] theirs =
            ["config", "data/ab/ab34", "index/00ff", "keys/0123abcd", "locks/11", "snapshots/34abbf1b0000"];
        foreach (string name in theirs)
        {
            string file = Path.Combine(_fixture.RepositoryPath, name);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, "theirs");
        }

        BackupRepository repository = await _fixture.InitAsync();
        await BackUpAsync(repository, day: 1);
        BackupOutcome newest = await BackUpAsync(repository, day: 2);
        await PruneAsync(repository, Rule(newest, retain: 1));

        Inventory inventory = await repository.TakeInventoryAsync(CancellationToken.None);
        Assert.Equal(newest.Folder.Id, Assert.Single(inventory.Snapshots).Id);
        Assert.Empty(theirs.Except(_fixture.StoredFiles(), StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_snapshot_whose_manifest_cannot_be_read_is_never_removed()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome made = await BackUpAsync(repository, day: 1);
        await File.WriteAllTextAsync(Path.Combine(_fixture.RepositoryPath, made.Folder.ManifestKey.Value), "torn");
        IReadOnlyList<string> before = _fixture.StoredFiles();

        PruneReport report = await PruneAsync(repository, Rule(made, retain: 1));

        Assert.Equal(made.Folder, Assert.Single(report.Unreadable).Folder);
        Assert.Equal(before, _fixture.StoredFiles());
    }

    [Fact]
    public async Task The_last_complete_snapshot_stays_when_a_newer_one_has_lost_its_data()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome good = await BackUpAsync(repository, day: 1);
        BackupOutcome hollow = await BackUpAsync(repository, day: 2);
        File.Delete(Path.Combine(_fixture.RepositoryPath, hollow.Folder.Key("etcd.db.zst").Value));

        PruneReport report = await PruneAsync(repository, Rule(good, retain: 1));

        Assert.Empty(report.Removed);
    }

    [Fact]
    public async Task Deleting_removes_only_the_given_snapshot()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome first = await BackUpAsync(repository, day: 1);
        BackupOutcome second = await BackUpAsync(repository, day: 2);

        await new DeleteRun(repository, "test").ExecuteAsync(first.Folder.Id.Value, CancellationToken.None);

        Inventory left = await repository.TakeInventoryAsync(CancellationToken.None);
        Assert.Equal(second.Folder.Id, Assert.Single(left.Snapshots).Id);
    }

    [Fact]
    public async Task A_snapshot_with_a_truncated_manifest_can_be_deleted_by_its_id()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome made = await BackUpAsync(repository, day: 1);
        await File.WriteAllTextAsync(Path.Combine(_fixture.RepositoryPath, made.Folder.ManifestKey.Value), "torn");

        await new DeleteRun(repository, "test").ExecuteAsync(made.Folder.Id.Value, CancellationToken.None);

        Assert.Equal(["repository.json"], _fixture.StoredFiles());
    }

    [Fact]
    public async Task Deleting_a_missing_snapshot_removes_nothing()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await BackUpAsync(repository, day: 1);
        IReadOnlyList<string> before = _fixture.StoredFiles();

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => new DeleteRun(repository, "test").ExecuteAsync("ffffffff", CancellationToken.None));

        Assert.Equal(FailureReason.SnapshotNotFound, failure.Reason);
        Assert.Equal(before, _fixture.StoredFiles());
    }

    private static RetentionRule Rule(BackupOutcome like, int retain) => new()
    {
        Policy = like.Manifest.Policy,
        ClusterId = like.Manifest.ClusterId,
        Retention = PolicyRetention.Newest(retain),
    };

    private static Task<PruneReport> PruneAsync(
        BackupRepository repository, RetentionRule? rule, bool dryRun = false, TimeSpan ahead = default) =>
        new PruneRun(repository, "test", new ShiftedTime(ahead)).ExecuteAsync(rule, dryRun, CancellationToken.None);

    private Task<BackupOutcome> BackUpAsync(BackupRepository repository, int day) => _fixture.BackUpAsync(
        repository, SnapshotBytes.Create(512, day), new ShiftedTime(SampleSnapshots.NewYear.AddDays(day)));
}
