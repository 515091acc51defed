using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Backups;

/// <summary>Whether a backup has the restore point that it was requested with. None fails for it.</summary>
public sealed class PointCheckTests
{
    private const string Why = "before the upgrade";

    [Theory]
    [InlineData(SnapshotKind.Full)]
    [InlineData(SnapshotKind.Incremental)]
    public async Task A_revision_that_the_member_still_has_is_the_restore_point(SnapshotKind kind)
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        long before = scene.Store.Revision - 1;

        BackupOutcome outcome = await BackUpAsync(scene, new ModelSource(scene.Store), before, kind);

        Assert.Equal(kind, outcome.Manifest.Kind);
        Assert.Equal(new SnapshotPoint { Revision = before, Reason = Why }, outcome.Manifest.RestorePoint);
        Assert.Empty(outcome.Warnings);
    }

    [Theory]
    [InlineData(SnapshotKind.Full)]
    [InlineData(SnapshotKind.Incremental)]
    public async Task A_compacted_revision_is_left_out_with_a_warning_and_the_backup_is_made(SnapshotKind kind)
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        scene.Store.ScheduleCompaction(scene.Store.Revision - 1);
        scene.Store.FinishCompaction();
        long compacted = scene.Store.Revision - 2;

        BackupOutcome outcome = await BackUpAsync(scene, new ModelSource(scene.Store), compacted, kind);

        Assert.Null(outcome.Manifest.RestorePoint);
        Assert.Equal(Why, outcome.Manifest.Note);
        string warning = Assert.Single(outcome.Warnings);
        Assert.Equal(warning, outcome.PointWarning);
        Assert.Contains($"Revision {compacted} cannot be the restore point", warning, StringComparison.Ordinal);
        Assert.Contains("has already compacted it", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_revision_of_the_last_compaction_is_still_there()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        long point = scene.Store.Revision - 1;
        scene.Store.ScheduleCompaction(point);
        scene.Store.FinishCompaction();

        BackupOutcome outcome = await BackUpAsync(scene, new ModelSource(scene.Store), point, SnapshotKind.Full);

        Assert.Equal(point, outcome.Manifest.RestorePoint?.Revision);
        Assert.Empty(outcome.Warnings);
    }

    [Fact]
    public async Task A_revision_that_the_member_has_not_reached_is_left_out_without_asking_for_it()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        long later = scene.Store.Revision + 1;
        ModelSource source = new(scene.Store)
        {
            HasRevisionAsync = (_, _) => throw new InvalidOperationException("etcd would refuse it."),
        };

        BackupOutcome outcome = await BackUpAsync(scene, source, later, SnapshotKind.Full);

        Assert.Null(outcome.Manifest.RestorePoint);
        Assert.Contains(
            $"had only reached revision {scene.Store.Revision}",
            Assert.Single(outcome.Warnings),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_that_does_not_respond_leaves_the_restore_point_in_with_a_warning()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        long before = scene.Store.Revision - 1;
        ModelSource source = new(scene.Store)
        {
            HasRevisionAsync = (_, _) =>
                throw new BackupException(FailureReason.EtcdUnreachable, "the member is gone"),
        };

        BackupOutcome outcome = await BackUpAsync(scene, source, before, SnapshotKind.Full);

        Assert.Equal(before, outcome.Manifest.RestorePoint?.Revision);
        Assert.Contains("the member is gone", Assert.Single(outcome.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unexpected_failure_closes_the_stream()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        ModelSource source = new(scene.Store)
        {
            HasRevisionAsync = (_, _) => throw new OperationCanceledException(),
        };

        await Assert.ThrowsAsync<OperationCanceledException>(
            () => BackUpAsync(scene, source, scene.Store.Revision, SnapshotKind.Full));

        Assert.Equal(0, source.OpenStreams);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_restore_point_below_one_is_refused(long revision)
    {
        BackupOccasion occasion = BackupOccasion.Of(BackupReason.OnDemand) with { RestorePoint = revision };

        BackupException failure = Assert.Throws<BackupException>(occasion.Validate);

        Assert.Equal(FailureReason.InvalidInput, failure.Reason);
        Assert.Contains($"The restore point {revision} is invalid.", failure.Message, StringComparison.Ordinal);
    }

    private static Task<BackupOutcome> BackUpAsync(
        IncrementScene scene, ModelSource source, long point, SnapshotKind kind) => scene.BackUpAsync(
            source,
            new PolicyIncrements { FullEvery = kind == SnapshotKind.Full ? TimeSpan.Zero : TimeSpan.FromDays(1) },
            occasion: BackupOccasion.OnDemand(Why) with { RestorePoint = point });
}
