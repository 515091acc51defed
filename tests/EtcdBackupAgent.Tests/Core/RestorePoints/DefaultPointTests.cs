using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Verification;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.RestorePoints;

/// <summary>What uses a snapshot goes to its restore point, unless it is told another revision.</summary>
public sealed class DefaultPointTests
{
    private const string Why = "before the upgrade";

    [Fact]
    public async Task A_restore_goes_to_the_restore_point_and_says_why()
    {
        using PointScene scene = await PointScene.CreateAsync();

        RestoreOutcome restored = await scene.RestoreAsync(RestoreSelection.Of(scene.Id));

        Assert.Equal(scene.Before, restored.Revision?.Revision);
        Assert.Equal(scene.Point, restored.Revision?.Default);
        Assert.Equal(scene.Before, RevisionOf(restored));
    }

    [Fact]
    public async Task Another_revision_is_restored_if_it_is_given_and_also_the_snapshots_own()
    {
        using PointScene scene = await PointScene.CreateAsync();

        foreach (long revision in new[] { scene.Before - 1, scene.After })
        {
            RestoreOutcome restored = await scene.RestoreAsync(
                new RestoreSelection { SnapshotId = scene.Id, Revision = revision });

            Assert.Equal((revision, (SnapshotPoint?)null), (restored.Revision?.Revision, restored.Revision?.Default));
            Assert.Equal(revision, RevisionOf(restored));
        }

        RestoreOutcome whole = await scene.RestoreAsync(RestoreSelection.WholeOf(scene.Id));
        Assert.Null(whole.Revision);
        Assert.Equal(scene.After, RevisionOf(whole));
    }

    [Fact]
    public async Task The_keys_and_the_inspection_of_a_snapshot_are_those_at_its_restore_point()
    {
        using PointScene scene = await PointScene.CreateAsync();
        BackupRepository repository = await scene.Increments.OpenAsync();

        using KeySpace keys = await KeySpace.OpenAsync(
            repository,
            [],
            scene.Increments.Files.ScratchPath,
            RestoreSelection.Of("latest"),
            UseCaseFixture.NoProgress,
            CancellationToken.None);
        Inspection inspection = await new InspectRun(repository, [], scene.Increments.Files.ScratchPath)
            .OfSnapshotAsync(RestoreSelection.Of("latest"), UseCaseFixture.NoProgress, CancellationToken.None);

        Assert.Equal((scene.Before, scene.Point), (keys.Revision, keys.Point?.Default));
        Assert.Equal($"snapshot {scene.Id} at revision {scene.Before}", keys.Name);
        Assert.Equal(scene.Before, inspection.Examination.Report?.Revision);
        Assert.Equal(scene.Point, inspection.Default);
    }

    [Fact]
    public async Task A_deep_verification_proves_the_whole_snapshot_first_and_records_that_only()
    {
        using PointScene scene = await PointScene.CreateAsync();

        List<DeepVerifyOutcome> outcomes = await scene.VerifyAsync();

        Assert.Equal([true, true], outcomes.Select(outcome => outcome.IsSound));
        Assert.Equal(
            [(null, null), ((long?)scene.Before, scene.Point)],
            outcomes.Select(outcome => (outcome.Revision?.Revision, outcome.Revision?.Default)));
        Assert.Single(scene.Increments.Files.StoredFiles(), file =>
            file.Contains(scene.Id, StringComparison.Ordinal)
            && file.Contains("verification-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_restore_point_that_is_compacted_after_all_is_an_error_that_names_the_way_out()
    {
        using PointScene scene = await PointScene.CreateAsync(isCompacted: true);

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => scene.RestoreAsync(RestoreSelection.Of(scene.Id)));
        DeepVerifyOutcome[] outcomes = [.. await scene.VerifyAsync()];

        Assert.Equal(FailureReason.SnapshotNotFound, failure.Reason);
        Assert.Contains("It is the restore point of the snapshot.", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"at revision {scene.After}", failure.Hint, StringComparison.Ordinal);
        Assert.Equal([Setting.Revision], failure.Settings);
        Assert.Equal([true, false], outcomes.Select(outcome => outcome.IsSound));
        Assert.Equal(failure.Message, outcomes[1].PointProblem?.Message);
        Assert.Same(outcomes[1].PointProblem, outcomes[1].Failure);

        RestoreOutcome own = await scene.RestoreAsync(
            new RestoreSelection { SnapshotId = scene.Id, Revision = scene.After });
        Assert.Equal(scene.After, RevisionOf(own));
    }

    private static long? RevisionOf(RestoreOutcome restored) =>
        InspectRun.OfFile(restored.SnapshotPath!, receiveValue: null, CancellationToken.None)
            .Examination.Report?.Revision;

    /// <summary>A repository with one snapshot that has a restore point.</summary>
    private sealed class PointScene : IDisposable
    {
        private int _restores;

        public required IncrementScene Increments { get; init; }

        public required BackupOutcome Made { get; init; }

        public required long Before { get; init; }

        public required long After { get; init; }

        public string Id => Made.Folder.Id.Value;

        public SnapshotPoint Point => new() { Revision = Before, Reason = Why };

        /// <param name="isCompacted">Whether etcd lies about what it still has.</param>
        public static async Task<PointScene> CreateAsync(bool isCompacted = false)
        {
            IncrementScene scene = await IncrementScene.CreateAsync();
            scene.Change(transactions: 5);
            long after = scene.Store.Revision;
            if (isCompacted)
            {
                scene.Store.ScheduleCompaction(after - 1);
                scene.Store.FinishCompaction();
            }

            BackupOutcome made = await scene.BackUpAsync(
                new ModelSource(scene.Store) { HasRevisionAsync = (_, _) => Task.FromResult(true) },
                occasion: BackupOccasion.OnDemand(Why) with { RestorePoint = after - 2 });
            return new PointScene { Increments = scene, Made = made, Before = after - 2, After = after };
        }

        public async Task<RestoreOutcome> RestoreAsync(RestoreSelection selection) =>
            await new RestoreRun(await Increments.OpenAsync()).ExecuteAsync(
                selection,
                [],
                Increments.Files[$"restored-{++_restores}"],
                overwrite: false,
                UseCaseFixture.NoProgress,
                CancellationToken.None);

        public async Task<List<DeepVerifyOutcome>> VerifyAsync() =>
            await Increments.Files.DeepVerifyRun(await Increments.OpenAsync())
                .VerifyAsync(Id, UseCaseFixture.NoProgress, CancellationToken.None)
                .ToListAsync();

        public void Dispose() => Increments.Dispose();
    }
}
