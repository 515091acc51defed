using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Faults;

/// <summary>
/// Makes every single operation of the store fail, in every use case: before it has an effect, in the middle of its
/// bytes, and after it; once, or with all later operations failing too.
/// </summary>
public sealed class EveryOperationFailsTests
{
    /// <summary>When an operation fails, and whether all later operations fail too.</summary>
    public static TheoryData<FaultMoment, bool> Faults { get; } = new()
    {
        { FaultMoment.Before, false },
        { FaultMoment.Midway, false },
        { FaultMoment.After, false },
        { FaultMoment.Before, true },
        { FaultMoment.Midway, true },
        { FaultMoment.After, true },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_backup_that_fails_anywhere_removes_no_snapshot_and_adds_no_incomplete_one(
        FaultMoment moment, bool forGood)
    {
        int operations = await FaultScene.SweepAsync(
            moment,
            forGood,
            async (scene, repository) => RequireNoWarning(await scene.BackUpAsync(repository)),
            async scene => Assert.Equal(scene.IdsBefore(), (await scene.ListedAsync()).Take(scene.Before.Count)));

        // Open, list for the ID, database, certificates, list for the last HashKV, manifest.
        Assert.Equal(6, operations);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Retention_that_fails_anywhere_after_a_backup_leaves_the_backup_and_the_snapshots_to_keep(
        FaultMoment moment, bool forGood)
    {
        int operations = await FaultScene.SweepAsync(
            moment,
            forGood,
            async (scene, repository) =>
            {
                BackupOutcome outcome = await scene.BackUpAsync(repository, retain: 2);
                if (outcome.PruneFailure is { } failure)
                {
                    Assert.Contains(outcome.Folder.Id.Value, await scene.ListedAsync());
                    throw failure;
                }

                RequireNoWarning(outcome);
            },
            async scene => Assert.Contains(scene.IdsBefore()[^1], await scene.ListedAsync()));

        Assert.InRange(operations, 15, 40);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_prune_that_fails_anywhere_leaves_the_snapshots_to_keep_and_the_next_one_completes_it(
        FaultMoment moment, bool forGood)
    {
        int operations = await FaultScene.SweepAsync(
            moment,
            forGood,
            (scene, repository) => PruneAsync(scene, repository),
            async scene =>
            {
                IEnumerable<string> kept = scene.IdsBefore().Skip(1);
                Assert.Equal(kept, (await scene.ListedAsync()).TakeLast(2));
                await PruneAsync(scene, await scene.OpenSoundAsync());
                Assert.Equal(kept, await scene.ListedAsync());
            });

        Assert.InRange(operations, 9, 20);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_delete_that_fails_anywhere_touches_no_other_snapshot(FaultMoment moment, bool forGood)
    {
        int operations = await FaultScene.SweepAsync(
            moment,
            forGood,
            (scene, repository) => new DeleteRun(repository, "test")
                .ExecuteAsync(scene.IdsBefore()[1], CancellationToken.None),
            async scene =>
            {
                IReadOnlyList<string> listed = await scene.ListedAsync();
                Assert.Contains(scene.IdsBefore()[0], listed);
                Assert.Contains(scene.IdsBefore()[2], listed);
            });

        Assert.InRange(operations, 8, 20);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_restore_that_fails_anywhere_leaves_an_empty_target_that_the_next_one_fills(
        FaultMoment moment, bool forGood)
    {
        int operations = await FaultScene.SweepAsync(
            moment,
            forGood,
            (scene, repository) => scene.RestoreAsync(repository, "latest", scene.Target),
            async scene =>
            {
                Assert.Empty(Directory.Exists(scene.Target) ? Directory.GetFileSystemEntries(scene.Target) : []);
                Assert.Equal(scene.IdsBefore(), await scene.ListedAsync());
                await scene.RestoreAsync(await scene.OpenSoundAsync(), "latest", scene.Target);
                Assert.Equal(2, Directory.GetFileSystemEntries(scene.Target).Length);
            });

        // Open, list twice, three manifests, the database, the certificates twice.
        Assert.Equal(10, operations);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_store_that_fails_during_a_verification_is_not_reported_as_damage(
        FaultMoment moment, bool forGood)
    {
        int operations = await FaultScene.SweepAsync(
            moment,
            forGood,
            async (_, repository) =>
            {
                await foreach (VerifyOutcome outcome in new VerifyRun(repository, [])
                    .VerifyAllAsync(UseCaseFixture.NoProgress, CancellationToken.None))
                {
                    Assert.True(outcome.IsSound);
                }
            },
            async scene => Assert.Equal(scene.IdsBefore(), await scene.ListedAsync()));

        // Open, list twice, three manifests, two artifacts each.
        Assert.Equal(13, operations);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_store_that_fails_during_a_deep_verification_is_neither_reported_nor_recorded_as_damage(
        FaultMoment moment, bool forGood)
    {
        int operations = await FaultScene.SweepAsync(
            moment,
            forGood,
            (scene, repository) => scene.VerifyDeeplyAsync(repository),
            async scene =>
            {
                Inventory inventory = await (await scene.OpenSoundAsync()).TakeInventoryAsync(CancellationToken.None);
                Assert.DoesNotContain(inventory.Snapshots, s => s.IsDamaged || s.VerificationProblem is not null);
                Assert.Equal(scene.IdsBefore(), inventory.Snapshots.Select(s => s.Id.Value));
            });

        // Open, list twice, three manifests; for each the two artifacts, and the list, creation and removal for the
        // record.
        Assert.Equal(22, operations);
    }

    /// <summary>
    /// The check whether HashKV is due never fails a backup: a store that fails then causes a warning, which counts as
    /// a failure here.
    /// </summary>
    private static void RequireNoWarning(BackupOutcome outcome)
    {
        if (outcome.Warnings.Count > 0)
        {
            throw new BackupException(FailureReason.StoreFailed, Assert.Single(outcome.Warnings));
        }
    }

    private static Task PruneAsync(FaultScene scene, BackupRepository repository) =>
        new PruneRun(repository, "test", TimeProvider.System).ExecuteAsync(
            scene.KeepTwo, dryRun: false, CancellationToken.None);
}
