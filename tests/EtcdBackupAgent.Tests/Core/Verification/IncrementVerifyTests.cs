using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Storage;
using EtcdBackupAgent.Tests.Snapshots.Revisions;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Verification;

/// <summary>An incremental snapshot is as sound as its base, and only if both belong together.</summary>
public sealed class IncrementVerifyTests
{
    [Fact]
    public async Task An_incremental_snapshot_is_merged_with_its_base_in_the_scratch_directory()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        BackupOutcome made = await scene.BackUpAsync();

        VerifyOutcome outcome = await VerifyAsync(scene, made);

        Assert.True(outcome.IsSound);
        Assert.Null(outcome.NotMergedReason);
        Assert.Empty(outcome.NotOpened);
        Assert.Empty(Directory.GetFileSystemEntries(scene.Files.ScratchPath));
    }

    [Fact]
    public async Task A_wrong_pair_is_found_although_every_byte_is_the_stored_one()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        StoreModel restored = IncrementScene.NewStore(values: 2);
        IncrementScene.Change(restored, new Random(1), transactions: 110);
        BackupOutcome wrong = await scene.BackUpAsync(new ModelSource(restored));
        BackupOutcome right = await scene.BackUpAsync();
        Assert.Equal(SnapshotKind.Incremental, wrong.Manifest.Kind);

        Dictionary<SnapshotId, VerifyOutcome> found = await VerifyAllAsync(scene);

        string message = Assert.Single(found[wrong.Folder.Id].Problems).Message;
        Assert.StartsWith(
            $"Snapshot {wrong.Folder.Id} cannot be read with its base {scene.Base.Folder.Id}: "
            + "The base and the changes do not belong together: the restored content has the digest ",
            message,
            StringComparison.Ordinal);
        Assert.Null(found[wrong.Folder.Id].NotMergedReason);
        Assert.True(found[right.Folder.Id].IsSound);
        Assert.True(found[scene.Base.Folder.Id].IsSound);
    }

    [Fact]
    public async Task Verifying_all_reads_each_base_once()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        BackupOutcome first = await scene.BackUpAsync();
        scene.Change(transactions: 2);
        BackupOutcome second = await scene.BackUpAsync();
        BackupOutcome other = await scene.BackUpAsync(increments: new() { FullEvery = TimeSpan.FromMinutes(1) });
        BackupOutcome third = await scene.BackUpAsync();
        FaultyObjectStore store = new(scene.Files.Store);

        Dictionary<SnapshotId, VerifyOutcome> found = await VerifyAllAsync(scene, store);

        Assert.Equal([scene.Base, first, second, other, third], found.Keys.Select(id => Of(id)));
        Assert.All(found.Values, outcome => Assert.True(outcome is { IsSound: true, NotMergedReason: null }));
        Assert.All(
            new[] { scene.Base, first, second, other, third }.Select(made => made.Manifest.Database!.Key),
            key => Assert.Single(store.Operations, operation => operation == $"read {key}"));

        BackupOutcome Of(SnapshotId id) =>
            new[] { scene.Base, first, second, other, third }.Single(made => made.Folder.Id == id);
    }

    [Fact]
    public async Task Verifying_one_reads_no_other_that_stands_on_the_same_base()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        BackupOutcome other = await scene.BackUpAsync();
        BackupOutcome made = await scene.BackUpAsync();
        FaultyObjectStore store = new(scene.Files.Store);

        Assert.True((await VerifyAsync(scene, made, store)).IsSound);

        Assert.Single(store.Operations, $"read {scene.Base.Manifest.Database!.Key}");
        Assert.Single(store.Operations, $"read {made.Manifest.Database!.Key}");
        Assert.DoesNotContain($"read {other.Manifest.Database!.Key}", store.Operations);
    }

    [Fact]
    public async Task A_damaged_base_is_a_problem_of_everything_that_stands_on_it_and_is_still_read_once()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        BackupOutcome first = await scene.BackUpAsync();
        BackupOutcome second = await scene.BackUpAsync();
        await DamageAsync(scene, scene.Base, at: 1000);
        FaultyObjectStore store = new(scene.Files.Store);

        Dictionary<SnapshotId, VerifyOutcome> found = await VerifyAllAsync(scene, store);

        string key = scene.Base.Manifest.Database!.Key.Value;
        Assert.All(
            found.Values,
            outcome => Assert.Contains(key, Assert.Single(outcome.Problems).Message, StringComparison.Ordinal));
        Assert.Equal("the base is damaged", found[first.Folder.Id].NotMergedReason);
        Assert.Equal("the base is damaged", found[second.Folder.Id].NotMergedReason);
        Assert.Single(store.Operations, $"read {key}");
    }

    [Fact]
    public async Task Damaged_changes_are_reported_as_such_and_not_as_a_wrong_pair()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        BackupOutcome made = await scene.BackUpAsync();
        for (int at = 0; at < made.Manifest.Database!.StoredBytes; at += 17)
        {
            await DamageAsync(scene, made, at);

            string message = Assert.Single((await VerifyAsync(scene, made)).Problems).Message;

            Assert.StartsWith($"{made.Manifest.Database.Key} in ", message, StringComparison.Ordinal);
            await DamageAsync(scene, made, at);
        }

        Assert.True((await VerifyAsync(scene, made)).IsSound);
    }

    [Theory]
    [InlineData("none", "there is no scratch directory")]
    [InlineData("missing", "cannot be used: ")]
    [InlineData("small", "has room for 55706 bytes")]
    public async Task Without_scratch_space_all_bytes_are_read_and_the_outcome_says_that_the_pair_was_not_merged(
        string what, string reason)
    {
        await using MountedDirectory small = await MountedDirectory.CreateAsync("size=64k");
        using IncrementScene scene = await IncrementScene.CreateAsync();
        BackupOutcome made = await scene.BackUpAsync();
        scene.Scratch = what switch
        {
            "none" => ScratchSpace.None,
            "missing" => new ScratchSpace { Directory = scene.Files["missing"], IsNamed = true },
            _ => new ScratchSpace { Directory = small.Path, IsNamed = true },
        };

        VerifyOutcome outcome = await VerifyAsync(scene, made);
        await DamageAsync(scene, scene.Base, at: 1000);
        VerifyOutcome damaged = await VerifyAsync(scene, made);

        Assert.True(outcome.IsSound);
        Assert.Contains(reason, outcome.NotMergedReason, StringComparison.Ordinal);
        Assert.Contains(
            scene.Base.Manifest.Database!.Key.Value, Assert.Single(damaged.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scratch_directory_that_fills_up_meanwhile_fails_nothing()
    {
        await using MountedDirectory small = await MountedDirectory.CreateAsync("size=300k");
        using IncrementScene scene = await IncrementScene.CreateAsync();
        BackupOutcome made = await scene.BackUpAsync();
        scene.Scratch = new ScratchSpace { Directory = small.Path, IsNamed = true };
        FilledAtFirstByte progress = new(Path.Combine(small.Path, "other"), bytes: 250 << 10);

        VerifyOutcome outcome = await RunOn(scene, await scene.OpenAsync()).VerifyAsync(
            made.Folder.Id.Value, progress, CancellationToken.None);

        Assert.True(outcome.IsSound);
        Assert.Contains("No space left on device", outcome.NotMergedReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_key_the_stored_bytes_of_both_are_checked()
    {
        using AgeIdentity identity = AgeIdentity.Generate();
        using IncrementScene scene = await IncrementScene.CreateAsync(new RecipientProtection([identity.Recipient]));
        BackupOutcome made = await scene.BackUpAsync();

        VerifyOutcome closed = await VerifyAsync(scene, made);
        VerifyOutcome open = await RunOn(scene, await scene.OpenAsync(), identity).VerifyAsync(
            made.Folder.Id.Value, UseCaseFixture.NoProgress, CancellationToken.None);

        Assert.True(closed.IsSound);
        Assert.Equal(
            [made.Manifest.Database!.Key, scene.Base.Manifest.Database!.Key], closed.NotOpened.Select(a => a.Key));
        Assert.Equal("it is encrypted, and no key was given", closed.NotMergedReason);
        Assert.True(open is { IsSound: true, NotMergedReason: null, NotOpened.Count: 0 });
    }

    [Theory]
    [InlineData(FaultMoment.Before)]
    [InlineData(FaultMoment.Midway)]
    [InlineData(FaultMoment.After)]
    public async Task A_store_that_fails_is_not_reported_as_damage(FaultMoment moment)
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        await scene.BackUpAsync();
        await scene.BackUpAsync();
        for (int failAt = 1; ; failAt++)
        {
            FaultyObjectStore store = new(scene.Files.Store) { FailAt = failAt, Moment = moment, MidwayBytes = 100 };

            Exception? failure = await Record.ExceptionAsync(() => VerifyAllAsync(scene, store));

            if (!store.Struck)
            {
                // Open, list twice, three manifests, three databases.
                Assert.Equal((10, null), (failAt - 1, failure));
                break;
            }

            Assert.Equal(FailureReason.StoreFailed, Assert.IsType<BackupException>(failure).Reason);
            Assert.Empty(Directory.GetFileSystemEntries(scene.Files.ScratchPath));
        }
    }

    private static VerifyRun RunOn(
        IncrementScene scene, BackupRepository repository, params IReadOnlyList<AgeIdentity> identities) =>
        new(repository, identities) { Scratch = scene.Scratch };

    private static async Task<VerifyOutcome> VerifyAsync(
        IncrementScene scene, BackupOutcome made, IObjectStore? store = null) =>
        await RunOn(scene, await scene.OpenAsync(store)).VerifyAsync(
            made.Folder.Id.Value, UseCaseFixture.NoProgress, CancellationToken.None);

    private static async Task<Dictionary<SnapshotId, VerifyOutcome>> VerifyAllAsync(
        IncrementScene scene, IObjectStore? store = null) =>
        await RunOn(scene, await scene.OpenAsync(store))
            .VerifyAllAsync(UseCaseFixture.NoProgress, CancellationToken.None)
            .ToDictionaryAsync(outcome => outcome.Folder.Id);

    /// <summary>Changes a byte of the stored database; a second call with the same place changes it back.</summary>
    private static async Task DamageAsync(IncrementScene scene, BackupOutcome made, int at)
    {
        string path = Path.Combine(scene.Files.RepositoryPath, made.Manifest.Database!.Key.Value);
        byte[] bytes = await File.ReadAllBytesAsync(path);
        bytes[at] ^= 0x04;
        await File.WriteAllBytesAsync(path, bytes);
    }

    /// <summary>Writes a large file as soon as the first bytes are transferred.</summary>
    private sealed class FilledAtFirstByte(string path, int bytes) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
            if (!File.Exists(path))
            {
                File.WriteAllBytes(path, new byte[bytes]);
            }
        }
    }
}
