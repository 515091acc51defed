using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Snapshots.Verification;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Backups;

/// <summary>A backup that is verified before retention removes older snapshots.</summary>
public sealed class VerifyAfterBackupTests : IDisposable
{
    private readonly UseCaseFixture _fixture = new();
    private int _day;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_sound_backup_is_recorded_as_sound_and_then_retention_runs()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await BackUpAsync(repository, () => UseCaseFixture.Proof());

        BackupOutcome outcome = await BackUpAsync(repository, () => UseCaseFixture.Proof());

        Assert.True(outcome.Verified!.IsSound);
        Assert.Null(outcome.VerifyFailure);
        Assert.Single(outcome.Pruned!.Removed);
        Snapshot only = Assert.Single((await repository.TakeInventoryAsync(CancellationToken.None)).Snapshots);
        Assert.True(only.IsProved);
    }

    [Fact]
    public async Task A_damaged_backup_fails_is_listed_as_damaged_and_removes_nothing()
    {
        BackupRepository repository = await _fixture.InitAsync();
        BackupOutcome good = await BackUpAsync(repository, verify: null);

        BackupOutcome outcome = await BackUpAsync(repository, () => UseCaseFixture.Proof(failed: CheckedPart.Pages));

        Assert.Equal(FailureReason.DataDamaged, outcome.VerifyFailure!.Reason);
        Assert.Contains("Pages is wrong at page 3", outcome.VerifyFailure.Message, StringComparison.Ordinal);
        Assert.Null(outcome.Pruned);
        Inventory inventory = await repository.TakeInventoryAsync(CancellationToken.None);
        Assert.Equal([false, true], inventory.Snapshots.Select(s => s.IsDamaged));

        // A later prune does not count it either.
        await BackUpAsync(repository, verify: null, retain: 2);
        Inventory later = await repository.TakeInventoryAsync(CancellationToken.None);
        Assert.Equal(3, later.Snapshots.Count);
        Assert.Equal(good.Folder.Id, later.Snapshots[0].Id);
    }

    [Fact]
    public async Task A_verification_that_cannot_be_done_fails_with_its_own_reason_and_removes_nothing()
    {
        BackupRepository repository = await _fixture.InitAsync();
        await BackUpAsync(repository, verify: null);

        BackupOutcome outcome = await BackUpAsync(
            repository,
            () => throw new BackupException(FailureReason.KeyRefused, "No key fits.") { Hint = "Find one." });

        Assert.Equal(FailureReason.KeyRefused, outcome.VerifyFailure!.Reason);
        Assert.Equal(
            $"Snapshot {outcome.Folder.Id} exists, but verifying it failed: No key fits.",
            outcome.VerifyFailure.Message);
        Assert.Equal("Find one.", outcome.VerifyFailure.Hint);
        Assert.Null(outcome.Verified);
        Assert.Null(outcome.Pruned);
        Assert.Equal(2, (await repository.TakeInventoryAsync(CancellationToken.None)).Snapshots.Count);
    }

    [Fact]
    public async Task A_verification_that_is_cancelled_leaves_the_backup()
    {
        BackupRepository repository = await _fixture.InitAsync();

        BackupOutcome outcome = await BackUpAsync(repository, () => throw new OperationCanceledException());

        Assert.Equal(FailureReason.Cancelled, outcome.VerifyFailure!.Reason);
        Assert.Single((await repository.TakeInventoryAsync(CancellationToken.None)).Snapshots);
    }

    private Task<BackupOutcome> BackUpAsync(BackupRepository repository, Func<SnapshotProof>? verify, int retain = 1)
    {
        ShiftedTime time = new(SampleSnapshots.NewYear.AddDays(++_day));
        DeepVerifyRun verification = _fixture.DeepVerifyRun(repository, (_, _, _, _) => verify!());
        BackupRun run = new(repository, SnapshotBytes.Source(SnapshotBytes.Create(512, _day)), "1.2.3", time)
        {
            VerifyAfter = verify is null
                ? null
                : async (id, progress, token) =>
                    await verification.VerifyAsync(id.Value, progress, token).SingleAsync(token),
        };
        return run.ExecuteAsync(
            _fixture.Request() with { Retention = PolicyRetention.Newest(retain) },
            UseCaseFixture.NoProgress,
            CancellationToken.None);
    }
}
