using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Storage;
using EtcdBackupAgent.Tests.Snapshots.Revisions;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Backups;

/// <summary>
/// Whether a backup is stored as changes or as a whole: every obstacle makes it a full one with its reason, and reads
/// etcd once.
/// </summary>
public sealed class DatabaseStepTests
{
    [Fact]
    public async Task What_changed_is_stored_with_its_base_and_etcd_is_read_once_at_the_member_of_the_base()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        ModelSource source = new(scene.Store);

        SnapshotManifest manifest = (await scene.BackUpAsync(source)).Manifest;

        Assert.Equal((SnapshotKind.Incremental, $"changes since {scene.Base.Manifest.Id}"), KindOf(manifest));
        Assert.Equal(scene.Base.Manifest.DocumentSha256, manifest.Base?.ManifestSha256);
        Assert.Equal(scene.Base.Manifest.Revision, manifest.Base?.Revision);
        Assert.Equal(scene.Store.Revision, manifest.Etcd!.LastRevision);
        Assert.Equal([scene.Base.Manifest.Etcd!.MemberId], source.Opened);
        Assert.Equal(0, source.OpenStreams);
        Assert.Empty(Directory.GetFileSystemEntries(scene.Files.ScratchPath));
    }

    [Fact]
    public async Task An_unfinished_compaction_is_waited_for_and_etcd_is_read_once_more()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        SkippedTime time = new(SampleSnapshots.NewYear.AddHours(9));
        scene.Store.ScheduleCompaction(scene.Store.Revision - 1);
        scene.Store.RemoveRecords(20);
        List<(int OpenStreams, int Waits)> before = [];
        ModelSource source = null!;
        source = new(scene.Store)
        {
            BeforeOpening = number =>
            {
                before.Add((source.OpenStreams, time.Waits.Count));
                if (number == 2)
                {
                    scene.Store.FinishCompaction();
                }
            },
        };

        SnapshotManifest manifest = (await scene.BackUpAsync(source, time: time)).Manifest;

        Assert.Equal((SnapshotKind.Incremental, $"changes since {scene.Base.Manifest.Id}"), KindOf(manifest));
        Assert.Equal([DatabaseStep.CompactionWait], time.Waits);
        Assert.Equal(TimeSpan.FromSeconds(10), DatabaseStep.CompactionWait);
        // The first stream is closed before the wait, so that etcd keeps no read transaction open meanwhile.
        Assert.Equal([(0, 0), (0, 1)], before);
        Assert.Equal(scene.Store.Finished, manifest.Etcd!.CompactRevision);
        Assert.Equal(0, source.OpenStreams);
    }

    [Fact]
    public async Task A_compaction_that_stays_unfinished_makes_a_full_one_of_what_was_read_last()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        SkippedTime time = new(SampleSnapshots.NewYear.AddHours(9));
        scene.Store.ScheduleCompaction(scene.Store.Revision - 1);
        ModelSource source = new(scene.Store)
        {
            BeforeOpening = number => scene.Store.RemoveRecords(20 * number),
        };

        BackupOutcome outcome = await scene.BackUpAsync(source, time: time);

        Assert.Equal((SnapshotKind.Full, "a compaction of etcd is not finished"), KindOf(outcome.Manifest));
        Assert.Equal(2, source.Opened.Count);
        Assert.Equal([DatabaseStep.CompactionWait], time.Waits);
        Assert.Equal(0, source.OpenStreams);
        await AssertStoredAsync(scene, outcome, ModelSource.BytesOf(scene.Store));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(100, true)]
    public async Task Changes_above_the_share_make_a_full_one_although_etcd_is_read_once(int percent, bool isChanges)
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        scene.Change(transactions: 20);
        ModelSource source = new(scene.Store);

        BackupOutcome outcome = await scene.BackUpAsync(source, new PolicyIncrements { SizeMaxPercent = percent });

        string id = scene.Base.Manifest.Id.Value;
        Assert.Equal(
            isChanges
                ? (SnapshotKind.Incremental, $"changes since {id}")
                : (SnapshotKind.Full, $"the changes since {id} would have more than 1 % of its stored bytes"),
            KindOf(outcome.Manifest));
        Assert.Single(source.Opened);
        if (!isChanges)
        {
            await AssertStoredAsync(scene, outcome, ModelSource.BytesOf(scene.Store));
        }
    }

    [Fact]
    public async Task Without_a_scratch_directory_a_full_one_is_streamed()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        scene.Scratch = ScratchSpace.None;

        await AssertFullAsync(scene, "there is no scratch directory");
    }

    [Fact]
    public async Task Without_room_in_the_scratch_directory_a_full_one_is_streamed()
    {
        await using MountedDirectory small = await MountedDirectory.CreateAsync("size=64k");
        using IncrementScene scene = await IncrementScene.CreateAsync();
        scene.Scratch = new ScratchSpace { Directory = small.Path, IsNamed = true };
        long pages = (ModelSource.BytesOf(scene.Store).Length / 4096) + 1;

        await AssertFullAsync(
            scene,
            $"the scratch directory '{small.Path}' has room for 55706 bytes, except for the 15 % that must stay free, "
            + $"but {pages * 4112} are needed");

        Assert.Empty(Directory.GetFileSystemEntries(small.Path));
    }

    [Fact]
    public async Task A_scratch_directory_that_fills_up_meanwhile_makes_a_full_one_and_etcd_is_read_again()
    {
        await using MountedDirectory small = await MountedDirectory.CreateAsync("size=64k");
        using IncrementScene scene = await IncrementScene.CreateAsync();
        scene.Scratch = new ScratchSpace { Directory = small.Path, IsNamed = true };
        ModelSource source = new(scene.Store) { ReportedBytes = 1000 };

        BackupOutcome outcome = await scene.BackUpAsync(source);

        (SnapshotKind kind, string? reason) = KindOf(outcome.Manifest);
        Assert.Equal(SnapshotKind.Full, kind);
        Assert.StartsWith(
            $"The scratch directory '{small.Path}' cannot be written: No space left", reason, StringComparison.Ordinal);
        Assert.Equal([scene.Base.Manifest.Etcd!.MemberId, null], source.Opened);
        Assert.Equal(0, source.OpenStreams);
        await AssertStoredAsync(scene, outcome, source.Bytes());
    }

    [Fact]
    public async Task A_scratch_directory_in_memory_that_was_not_named_is_not_used()
    {
        await using MountedDirectory memory = await MountedDirectory.CreateAsync("size=64m");
        using IncrementScene scene = await IncrementScene.CreateAsync();
        scene.Scratch = new ScratchSpace { Directory = memory.Path };

        await AssertFullAsync(scene, $"the scratch directory '{memory.Path}' is itself in memory");
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("a-file")]
    public async Task With_an_unusable_scratch_directory_a_full_one_is_streamed(string name)
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        await File.WriteAllTextAsync(scene.Files["a-file"], "");
        scene.Scratch = new ScratchSpace { Directory = scene.Files[name], IsNamed = true };

        await AssertFullAsync(scene, $"the scratch directory '{scene.Files[name]}' cannot be used: ");
    }

    [Theory]
    [InlineData("cluster", "the etcd cluster is c9, and that of the base c1")]
    [InlineData("version", "etcd has version 3.6.0, and had 3.5.30 when the base was made")]
    [InlineData("quorum", "it is not known whether the member has the cluster's last writes: no quorum")]
    [InlineData("revision", "etcd is at revision 1, and the base is at ")]
    [InlineData("term", "etcd is at raft term 2 and index ")]
    [InlineData("index", "etcd is at raft term 3 and index 1, and the base is at 3 and ")]
    public async Task A_member_that_may_have_another_history_makes_a_full_one(string what, string reason)
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        ModelSource source = new(scene.Store)
        {
            NotLinearizableReason = what == "quorum" ? "no quorum." : null,
            Member = member => what switch
            {
                "cluster" => member with { ClusterId = new EtcdId(0xc9) },
                "version" => member with { Version = "3.6.0" },
                "revision" => member with { Revision = 1 },
                "term" => member with { RaftTerm = 2 },
                "index" => member with { RaftIndex = 1 },
                _ => member,
            },
        };

        await AssertFullAsync(scene, reason, source);
    }

    [Theory]
    [InlineData("pages", "This is not an etcd database")]
    [InlineData("bucket", "The database has no bucket 'key'")]
    public async Task A_database_that_changes_cannot_describe_makes_a_full_one(string what, string reason)
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        byte[] database = what == "pages" ? new byte[8192] : BoltFile.Bytes(("other", []));
        ModelSource source = new(scene.Store) { Database = _ => database };

        await AssertFullAsync(scene, reason, source);
    }

    [Theory]
    [InlineData(FaultMoment.Before)]
    [InlineData(FaultMoment.After)]
    public async Task A_source_that_fails_anywhere_leaves_only_what_existed(FaultMoment moment)
    {
        for (int failAt = 1; ; failAt++)
        {
            using IncrementScene scene = await IncrementScene.CreateAsync();
            IReadOnlyList<string> existing = scene.Files.StoredFiles();
            FaultySnapshotSource source = new(new ModelSource(scene.Store)) { FailAt = failAt, Moment = moment };

            Exception? failure = await Record.ExceptionAsync(() => scene.BackUpAsync(source));

            if (!source.Struck)
            {
                // Open, the read of the bytes, and the one that finds the end.
                Assert.InRange(failAt, 4, 20);
                break;
            }

            Assert.Equal(FailureReason.EtcdFailed, Assert.IsType<BackupException>(failure).Reason);
            Assert.Equal(existing, scene.Files.StoredFiles());
            Assert.Empty(Directory.GetFileSystemEntries(scene.Files.ScratchPath));
        }
    }

    [Theory]
    [InlineData("manifest.json")]
    [InlineData("etcd.db.zst")]
    public async Task A_base_that_another_agent_removes_meanwhile_fails_the_backup_and_leaves_nothing_of_it(string name)
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        string folder = scene.Base.Folder.ToString();
        ModelSource source = new(scene.Store)
        {
            BeforeOpening = _ => File.Delete(Path.Combine(scene.Files.RepositoryPath, folder, name)),
        };

        BackupException failure = await Assert.ThrowsAsync<BackupException>(() => scene.BackUpAsync(source));

        Assert.Equal(FailureReason.SnapshotNotFound, failure.Reason);
        Assert.Contains(scene.Base.Folder.Id.Value, failure.Message, StringComparison.Ordinal);
        Assert.All(
            scene.Files.StoredFiles(),
            file => Assert.True(
                file == "repository.json" || file.StartsWith(folder, StringComparison.Ordinal), file));

        // The next backup does not need it.
        Assert.Equal(SnapshotKind.Full, (await scene.BackUpAsync()).Manifest.Kind);
    }

    [Theory]
    [InlineData(FaultMoment.Before)]
    [InlineData(FaultMoment.Midway)]
    [InlineData(FaultMoment.After)]
    public async Task A_store_that_fails_anywhere_leaves_only_snapshots_that_are_sound(FaultMoment moment)
    {
        for (int failAt = 1; ; failAt++)
        {
            using IncrementScene scene = await IncrementScene.CreateAsync();
            FaultyObjectStore store = new(scene.Files.Store) { FailAt = failAt, Moment = moment, MidwayBytes = 100 };

            Exception? failure = await Record.ExceptionAsync(() => scene.BackUpAsync(store: store));

            VerifyRun verify = new(await scene.OpenAsync(), []) { Scratch = scene.Scratch };
            await foreach (VerifyOutcome outcome in verify.VerifyAllAsync(
                UseCaseFixture.NoProgress, CancellationToken.None))
            {
                Assert.True(outcome is { IsSound: true, NotMergedReason: null });
            }

            if (!store.Struck)
            {
                // Open, list for the ID, list twice for the base and read its manifest, changes, list for the last
                // HashKV and read a manifest, list the base, manifest.
                Assert.Equal((11, null), (failAt - 1, failure));
                break;
            }
        }
    }

    private static (SnapshotKind Kind, string? Reason) KindOf(SnapshotManifest manifest) =>
        (manifest.Kind, manifest.KindReason);

    /// <summary>Asserts that a backup is a full one of everything, for a reason, with etcd read once.</summary>
    private static async Task AssertFullAsync(IncrementScene scene, string reason, ModelSource? source = null)
    {
        source ??= new ModelSource(scene.Store);

        BackupOutcome outcome = await scene.BackUpAsync(source);

        Assert.Equal(SnapshotKind.Full, outcome.Manifest.Kind);
        string found = outcome.Manifest.KindReason!;
        Assert.True(found.StartsWith(reason, StringComparison.Ordinal), found);
        Assert.Single(source.Opened);
        Assert.Equal(0, source.OpenStreams);
        await AssertStoredAsync(scene, outcome, source.Bytes());
    }

    /// <summary>Asserts that a snapshot is a full one with these bytes, and that nothing else is stored.</summary>
    private static async Task AssertStoredAsync(IncrementScene scene, BackupOutcome outcome, byte[] bytes)
    {
        Assert.Null(outcome.Manifest.Base);
        string folder = outcome.Folder.ToString();
        Assert.Equal(
            [$"{folder}etcd.db.zst", $"{folder}manifest.json"],
            scene.Files.StoredFiles().Where(file => file.StartsWith(folder, StringComparison.Ordinal)));
        RestoreOutcome restored = await new RestoreRun(await scene.OpenAsync()).ExecuteAsync(
            RestoreSelection.Of(outcome.Folder.Id.Value),
            [],
            scene.Files["restored"],
            overwrite: false,
            UseCaseFixture.NoProgress,
            CancellationToken.None);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(restored.SnapshotPath!));
    }
}
