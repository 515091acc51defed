using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Snapshots.ChangeLog;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Archiving;

public sealed class ArchiveRunTests
{
    private static readonly PolicyChangeLog Quick = new() { CloseEvery = TimeSpan.FromSeconds(1) };

    [Fact]
    public async Task Every_change_is_in_the_log_and_the_first_snapshot_follows_the_watch()
    {
        await using ArchiveScene scene = new();
        PutMany(scene, 5);
        await scene.StartAsync();
        PutMany(scene, 20);
        await scene.CloseAsync(scene.Cluster.Head);
        PutMany(scene, 20);
        DateTimeOffset stopping = scene.Time.GetUtcNow();
        await scene.StopAsync();

        LogPath path = await OnlyPathAsync(scene);
        AssertEqual(scene.Cluster.Records(6, scene.Cluster.Head), await scene.ReadAsync(path));
        Assert.Equal((6, 46), (path.First, path.Last));
        Assert.InRange(path.End, stopping, scene.Time.GetUtcNow());
        Assert.Equal("began: the policy has no change log yet", scene.Events[0]);
        Assert.Contains("snapshot: the change log has no snapshot yet", scene.Events);
    }

    [Fact]
    public async Task A_log_is_continued_by_the_next_process_without_a_hole()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        PutMany(scene, 10);
        await scene.StopAsync();
        PutMany(scene, 10);

        await scene.StartAsync();
        PutMany(scene, 10);
        await scene.StopAsync();

        Assert.Contains("continued at 11", scene.Events);
        LogPath path = await OnlyPathAsync(scene);
        AssertEqual(scene.Cluster.Records(2, 31), await scene.ReadAsync(path));
    }

    [Fact]
    public async Task A_lineage_without_records_is_continued()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        await scene.StopAsync();

        await scene.StartAsync();
        PutMany(scene, 3);
        await scene.StopAsync();

        AssertEqual(scene.Cluster.Records(2, 4), await scene.ReadAsync(await OnlyPathAsync(scene)));
    }

    [Fact]
    public async Task A_lost_connection_leaves_no_hole()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        for (int i = 0; i < 5; i++)
        {
            PutMany(scene, 7);
            scene.Cluster.Cut();
            PutMany(scene, 3);
            int connections = scene.Cluster.Connections;
            await scene.AdvanceUntilAsync(
                "another connection", () => Task.FromResult(scene.Cluster.Connections > connections));
        }

        await scene.CloseAsync(scene.Cluster.Head);
        await scene.StopAsync();

        AssertEqual(scene.Cluster.Records(2, 51), await scene.ReadAsync(await OnlyPathAsync(scene)));
        Assert.Contains(scene.Events, e => e.StartsWith("lost:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_revision_that_the_watch_leaves_out_begins_a_new_lineage()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        PutMany(scene, 5);
        scene.Cluster.Lost = 8;
        PutMany(scene, 5);
        await scene.UntilAsync("a new lineage", e => e.StartsWith("began: etcd sent", StringComparison.Ordinal));
        await TestDeadline.UntilAsync("its own snapshot", () => Task.FromResult(
            scene.Events.Count(e => e == "snapshot: the change log has no snapshot yet") == 2));
        await scene.StopAsync();

        Assert.Contains(
            "began: etcd sent revision 9.0 after 7: a change is missing", scene.Events);
        IReadOnlyList<LogLineage> lineages = await scene.LineagesAsync();
        Assert.Equal(2, lineages.Count);
        LogLineage later = lineages.Single(l => l.Document!.Previous is not null);
        Assert.Equal(lineages.Single(l => l != later).Id, later.Document!.Previous);
        AssertEqual(
            scene.Cluster.Records(2, 7), await scene.ReadAsync(LogPath.Of(lineages.Single(l => l != later))[0]));
        Assert.Equal(later.Document.StartRevision, LogPath.Of(later)[0].First);
    }

    [Fact]
    public async Task A_compaction_beyond_the_end_of_the_log_begins_a_new_lineage()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        PutMany(scene, 5);
        await scene.StopAsync();
        PutMany(scene, 5);
        scene.Cluster.Compact(8);

        await scene.StartAsync();
        await scene.StopAsync();

        Assert.Contains(
            "began: etcd has compacted up to revision 8 before the log could be continued", scene.Events);
    }

    [Theory]
    [InlineData(3, "has another content for revision")]
    [InlineData(20, "and the log at 11: the cluster was restored")]
    public async Task A_cluster_that_was_restored_with_the_same_token_begins_a_new_lineage(int lost, string expected)
    {
        await using ArchiveScene scene = new();
        PutMany(scene, 5);
        await scene.StartAsync();
        PutMany(scene, 5);
        await scene.StopAsync();

        // Not as far back as the log: then it must be the content that is compared.
        scene.Cluster.RestoreTo(Math.Max(2, 11 - lost));
        PutMany(scene, lost <= 11 ? lost : 4, "other");
        await scene.StartAsync();
        await scene.StopAsync();

        Assert.Contains(scene.Events, e => e.StartsWith("began: etcd", StringComparison.Ordinal)
            && e.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_restored_cluster_of_another_id_begins_a_new_lineage()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        PutMany(scene, 5);
        await scene.StopAsync();
        scene.Cluster.ClusterId = new(1);

        await scene.StartAsync();
        await scene.StopAsync();

        Assert.Contains(
            scene.Events, e => e.StartsWith("began: etcd is cluster 1, and the log is of", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_cluster_that_lost_its_latest_data_while_it_was_watched_begins_a_new_lineage()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        PutMany(scene, 9);
        await scene.CloseAsync(10);
        scene.Cluster.RestoreTo(5);
        await scene.AdvanceUntilAsync(
            "a new lineage",
            () => Task.FromResult(scene.Events.Any(e => e.Contains("lost its latest", StringComparison.Ordinal))));
        await scene.StopAsync();

        Assert.Equal(2, (await scene.LineagesAsync()).Count);
    }

    [Fact]
    public async Task A_version_that_leaves_out_deletions_is_not_continued_after_a_compaction_at_its_end()
    {
        await using ArchiveScene scene = new();
        scene.Cluster.Version = "3.4.23";
        await scene.StartAsync();
        PutMany(scene, 5);
        await scene.StopAsync();
        scene.Cluster.Compact(6);

        await scene.StartAsync();
        await scene.StopAsync();

        Assert.Contains(
            "began: etcd 3.4.23 may leave out deletions after it is compacted up to revision 6", scene.Events);
    }

    [Theory]
    [InlineData("3.4.23", true)]
    [InlineData("3.4.33", true)]
    [InlineData("3.4.34", false)]
    [InlineData("3.5.15", true)]
    [InlineData("3.5.16", false)]
    [InlineData("3.6.0-rc.1", false)]
    public void Versions_that_leave_out_deletions_are_known(string version, bool mayOmit) =>
        Assert.Equal(mayOmit, ChangeFeed.MayOmitDeletions(version));

    [Fact]
    public async Task A_lease_is_in_the_log_with_its_granted_time_to_live_once()
    {
        await using ArchiveScene scene = new();
        scene.Cluster.Leases[7] = 300;
        await scene.StartAsync();
        scene.Cluster.Put("a", lease: 7);
        scene.Cluster.Put("b", lease: 7);
        scene.Cluster.Put("c", lease: 8);
        await scene.StopAsync();

        List<LogLease> leases = [];
        await scene.ReadAsync(await OnlyPathAsync(scene), leases);
        Assert.Equal([new LogLease(7, 300, IsGone: false), new LogLease(8, 1, IsGone: true)], leases);
    }

    [Fact]
    public async Task Without_changes_a_segment_without_records_shows_how_far_the_log_reaches()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        PutMany(scene, 2);
        await scene.CloseAsync(3);
        DateTimeOffset before = (await OnlyPathAsync(scene)).End;
        await scene.AdvanceUntilAsync(
            "a segment without records", async () => (await OnlyPathAsync(scene)).Segments.Any(s => s.Name.IsEmpty));
        await scene.StopAsync();

        TimeSpan reached = (await OnlyPathAsync(scene)).End - before;
        Assert.InRange(reached, 9 * scene.Log.CloseEvery, 15 * scene.Log.CloseEvery);
    }

    [Fact]
    public async Task Each_mark_is_reported_although_nothing_is_stored_without_changes()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        Assert.Null(scene.OpenedAt);
        PutMany(scene, 2);
        await scene.CloseAsync(3);
        int segments = (await OnlyPathAsync(scene)).Segments.Count;
        int marks = scene.Marks.Count;
        await scene.AdvanceUntilAsync("three marks", () => Task.FromResult(scene.Marks.Count == marks + 3));

        Assert.Equal(segments, (await OnlyPathAsync(scene)).Segments.Count);
        Assert.All(scene.Marks.Skip(marks), mark => Assert.Equal(3, mark.Revision));
        await scene.StopAsync();

        await scene.StartAsync();
        await TestDeadline.UntilAsync("the snapshot is found", () => Task.FromResult(scene.Found > 0));
        await scene.StopAsync();
        Assert.Equal(3, scene.OpenedAt!.Last);
    }

    [Fact]
    public async Task A_segment_is_closed_early_when_it_has_enough_bytes()
    {
        await using ArchiveScene scene = new() { Log = new PolicyChangeLog { CloseBytes = 1000 } };
        await scene.StartAsync();
        PutMany(scene, 1);
        await scene.CloseAsync(2);
        for (int i = 0; i < 20; i++)
        {
            scene.Cluster.Put("key", new string('v', 500));
        }

        await scene.StopAsync();

        LogPath path = await OnlyPathAsync(scene);
        Assert.True(path.Segments.Count > 5, $"{path.Segments.Count} segments");
        AssertEqual(scene.Cluster.Records(2, 22), await scene.ReadAsync(path));
    }

    [Fact]
    public async Task Segments_wait_for_a_store_that_is_away_and_are_stored_in_order()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        await scene.StopAsync();
        FaultyObjectStore faulty = new(scene.Store) { ForGood = true, Moment = FaultMoment.Before };
        await scene.StartAsync(faulty);
        faulty.FailAt = faulty.Operations.Count + 1;
        PutMany(scene, 5);
        await scene.AdvanceUntilAsync(
            "two waiting segments",
            () =>
            {
                PutMany(scene, 1);
                return Task.FromResult(scene.Events.Contains("store failed: 2 wait"));
            });
        faulty.FailAt = 0;
        faulty.ForGood = false;
        await scene.CloseAsync(scene.Cluster.Head);
        await scene.StopAsync();

        LogPath path = await OnlyPathAsync(scene);
        AssertEqual(scene.Cluster.Records(2, scene.Cluster.Head), await scene.ReadAsync(path));
    }

    [Fact]
    public async Task Two_writers_of_one_policy_leave_a_log_that_can_be_read()
    {
        await using ArchiveScene first = new();
        await first.StartAsync();
        PutMany(first, 4);
        await first.CloseAsync(5);
        ArchiveRun second = new(
            first.Repository!, first.Cluster, (_, _) => Task.FromException<EtcdBackupAgent.Core.Backups.BackupOutcome>(
                new BackupException(FailureReason.StoreFailed, "no snapshot")), first, "1.2.3", first.Time);
        using CancellationTokenSource stop = new();
        Task running = second.ExecuteAsync(first.Request(), stop.Token);
        await first.UntilAsync("the second writer", e => e == "continued at 5");
        for (int i = 0; i < 6; i++)
        {
            PutMany(first, 5);
            await first.CloseAsync(first.Cluster.Head);
        }

        await stop.CancelAsync();
        await running;
        await first.StopAsync();

        LogPath path = await OnlyPathAsync(first);
        AssertEqual(first.Cluster.Records(2, 35), await first.ReadAsync(path));
    }

    [Fact]
    public async Task A_clock_that_is_set_back_never_makes_times_go_back()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        PutMany(scene, 3);
        await scene.CloseAsync(4);
        DateTimeOffset end = (await OnlyPathAsync(scene)).End;
        scene.Time.JumpTo(end - TimeSpan.FromHours(1));
        PutMany(scene, 3);
        await scene.StopAsync();

        LogPath path = await OnlyPathAsync(scene);
        Assert.Equal([.. path.Segments.Select(s => s.Name.End).Order()], path.Segments.Select(s => s.Name.End));
        Assert.Equal(end, path.End);
        AssertEqual(scene.Cluster.Records(2, 7), await scene.ReadAsync(path));
    }

    [Fact]
    public async Task A_snapshot_that_fails_is_made_again_and_the_log_goes_on()
    {
        await using ArchiveScene scene = new();
        int snapshots = 0;
        scene.OnSnapshot = () =>
        {
            if (++snapshots == 1)
            {
                throw new BackupException(FailureReason.SnapshotBroken, "The stream broke.");
            }
        };
        await scene.StartAsync(withSnapshot: false);
        PutMany(scene, 3);
        await scene.AdvanceUntilAsync(
            "the second snapshot",
            () => Task.FromResult(scene.Events.Any(e => e.StartsWith("snapshot:", StringComparison.Ordinal))));
        await scene.StopAsync();

        Assert.Contains("snapshot failed: The stream broke.", scene.Events);
        Assert.Single(await scene.LineagesAsync());
    }

    [Fact]
    public async Task A_snapshot_that_is_found_damaged_is_made_again_after_an_hour()
    {
        await using ArchiveScene scene = new();
        scene.AfterSnapshot = async outcome =>
        {
            await scene.Repository!.AddVerificationAsync(
                outcome.Folder,
                SampleSnapshots.Verification(outcome.Manifest, VerificationResult.Damaged),
                CancellationToken.None);
            scene.AfterSnapshot = Task.FromResult;
            return outcome with { VerifyFailure = new BackupException(FailureReason.DataDamaged, "It is damaged.") };
        };
        await scene.StartAsync();
        DateTimeOffset first = scene.Time.GetUtcNow();
        await TestDeadline.UntilAsync("the second snapshot", () =>
        {
            scene.Time.Advance(TimeSpan.FromMinutes(1));
            return Task.FromResult(scene.Events.Count(
                e => e == "snapshot: the change log has no snapshot yet") == 2);
        });
        await scene.StopAsync();

        Assert.True(scene.Time.GetUtcNow() - first >= TimeSpan.FromHours(1));
        Assert.Single(await scene.LineagesAsync());
    }

    [Fact]
    public async Task A_change_that_no_watch_reports_makes_a_new_snapshot_in_the_same_lineage()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        PutMany(scene, 1);
        await scene.CloseAsync(2);
        scene.Cluster.Settings = "on";
        await scene.AdvanceUntilAsync(
            "the second snapshot",
            () => Task.FromResult(scene.Events.Contains(
                "snapshot: the authentication or the members of etcd changed")));
        await scene.StopAsync();

        Assert.Single(await scene.LineagesAsync());
    }

    [Fact]
    public async Task A_snapshot_is_made_when_the_newest_is_old_and_the_log_before_it_is_pruned()
    {
        await using ArchiveScene scene = new()
        {
            Log = new PolicyChangeLog { CloseEvery = TimeSpan.FromMinutes(30), Keep = TimeSpan.FromHours(3) },
        };
        await scene.StartAsync();
        await TestDeadline.UntilAsync("a day", () =>
        {
            scene.Cluster.Put("k");
            scene.Time.Advance(TimeSpan.FromMinutes(10));
            return Task.FromResult(scene.Events.Any(e => e.StartsWith("pruned", StringComparison.Ordinal)));
        });
        await scene.StopAsync();

        Assert.Contains(scene.Events, e => e.EndsWith("is old enough", StringComparison.Ordinal));
        LogPath path = await OnlyPathAsync(scene);
        Assert.True(path.First > 2, $"the log begins at {path.First}");
        AssertEqual(scene.Cluster.Records(path.First, scene.Cluster.Head), await scene.ReadAsync(path));
    }

    [Fact]
    public async Task A_prune_removes_the_segments_that_no_remaining_snapshot_can_use()
    {
        await using ArchiveScene scene = new() { Log = new PolicyChangeLog { CloseEvery = TimeSpan.FromMinutes(30) } };
        await scene.StartAsync();
        await TestDeadline.UntilAsync("a second snapshot", () =>
        {
            scene.Cluster.Put("k");
            scene.Time.Advance(TimeSpan.FromMinutes(10));
            return Task.FromResult(
                scene.Events.Count(e => e.StartsWith("snapshot:", StringComparison.Ordinal)) == 2);
        });
        await scene.StopAsync();
        BackupRepository repository = await BackupRepository.OpenAsync(scene.Store, scene.Time, CancellationToken.None);
        Inventory inventory = await repository.TakeInventoryAsync(CancellationToken.None);
        RetentionRule rule = RetentionRule.After(inventory.Snapshots[^1].Manifest, PolicyRetention.Newest(1));
        PruneRun run = new(repository, "test", scene.Time) { KeepChanges = TimeSpan.MaxValue };
        PruneRun blind = new(repository, "test", scene.Time);

        PruneReport plan = await run.ExecuteAsync(rule, dryRun: true, CancellationToken.None);
        Assert.Empty((await blind.ExecuteAsync(rule, dryRun: true, CancellationToken.None)).ChangeLog.Segments);
        PruneReport done = await run.ExecuteAsync(rule, dryRun: false, CancellationToken.None);

        Assert.All(plan.ChangeLog.Segments, s => Assert.Equal("every snapshot is newer", s.Reason));
        Assert.NotEmpty(plan.ChangeLog.Segments);
        Assert.Equal(plan.ChangeLog.Segments, done.ChangeLog.Segments);
        LogPath path = await OnlyPathAsync(scene);
        Assert.Equal(plan.ChangeLog.Segments[^1].Segment.Last + 1, path.First);
        Assert.True(path.First <= inventory.Snapshots[^1].Manifest.Revision);
    }

    [Theory]
    [InlineData("3-40 40-70", 5, 100, 70L)]
    [InlineData("3-40 41-70", 5, 100, 40L)]
    [InlineData("6-40", 5, 100, null)]
    [InlineData("3-40", 5, 39, null)]
    [InlineData("3-40", 40, 100, null)]
    [InlineData("", 5, 100, null)]
    public void A_window_is_proven_over_proofs_without_a_gap(string proofs, long first, long last, long? expected) =>
        Assert.Equal(
            expected,
            RestoreWindow.ProvenRevisionOf(
                [
                    .. proofs.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(proof =>
                    {
                        long[] revisions = [.. proof.Split('-').Select(long.Parse)];
                        return new ProvenRevisions(revisions[0], revisions[1]);
                    }),
                ],
                first,
                last));

    [Fact]
    public async Task An_etcd_that_is_away_at_the_end_does_not_lose_what_was_received()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        PutMany(scene, 4);
        await scene.CloseAsync(5);
        PutMany(scene, 4);
        scene.Cluster.IsAway = true;
        scene.Cluster.Cut();
        await scene.UntilAsync("the loss", e => e.StartsWith("lost", StringComparison.Ordinal));
        await scene.StopAsync();

        LogPath path = await OnlyPathAsync(scene);
        AssertEqual(scene.Cluster.Records(2, path.Last), await scene.ReadAsync(path));
        Assert.Equal(9, path.Last);
    }

    [Fact]
    public async Task A_watch_that_sends_nothing_is_opened_again()
    {
        await using ArchiveScene scene = new();
        await scene.StartAsync();
        PutMany(scene, 2);
        await scene.CloseAsync(3);
        scene.Cluster.IsSilent = true;
        PutMany(scene, 2);
        await scene.AdvanceUntilAsync(
            "the loss",
            () => Task.FromResult(scene.Events.Any(
                e => e.Contains("the watch sends nothing", StringComparison.Ordinal))));
        scene.Cluster.IsSilent = false;
        await scene.CloseAsync(5);
        await scene.StopAsync();

        AssertEqual(scene.Cluster.Records(2, 5), await scene.ReadAsync(await OnlyPathAsync(scene)));
    }

    [Fact]
    public async Task A_compacted_log_has_the_same_records_leases_and_moments_in_fewer_segments()
    {
        await using ArchiveScene scene = new() { Log = Quick };
        scene.Cluster.Leases[7] = 300;
        await scene.StartAsync();
        for (int i = 0; i < 8; i++)
        {
            PutMany(scene, 5);
            scene.Cluster.Put("leased", lease: 7);
            await scene.CloseAsync(scene.Cluster.Head);
        }

        await scene.AdvanceUntilAsync(
            "a segment without records", async () => (await OnlyPathAsync(scene)).Segments.Any(s => s.Name.IsEmpty));
        await scene.StopAsync();
        LogPath before = await OnlyPathAsync(scene);
        List<LogLease> leases = [];
        IReadOnlyList<StoredRecord> records = await scene.ReadAsync(before, leases);
        DateTimeOffset moment = before.Segments[3].Name.End;
        MomentLookup lookup = new(new SegmentFetch(scene.Store, []));
        RevisionTime time = await lookup.FindAsync(before, moment, CancellationToken.None);

        // The newest segments are not old enough.
        LogCompactRun run = new(scene.Repository!, [], scene.Time);
        Assert.Equal(new LogCompactReport(0, 0), await run.ExecuteAsync(policy: null, CancellationToken.None));
        scene.Time.Advance(LogCompactRun.AgeMin + TimeSpan.FromSeconds(1));
        LogCompactReport report = await run.ExecuteAsync(ArchiveScene.Policy, CancellationToken.None);

        LogPath after = await OnlyPathAsync(scene);
        Assert.Equal(new LogCompactReport(before.Segments.Count, 1), report);
        Assert.Single(after.Segments);
        Assert.Equal((before.First, before.Last, before.End), (after.First, after.Last, after.End));
        Assert.Equal(before.Segments[^1].Name.Resume, after.Segments[^1].Name.Resume);
        List<LogLease> leasesAfter = [];
        AssertEqual(records, await scene.ReadAsync(after, leasesAfter));
        Assert.Equal(leases, leasesAfter);
        RevisionTime again = await lookup.FindAsync(after, moment, CancellationToken.None);
        Assert.Equal((time.Revision, time.CompleteAfter), (again.Revision, again.CompleteAfter));

        // The writer continues from the larger segment.
        await scene.StartAsync();
        PutMany(scene, 2);
        await scene.StopAsync();
        AssertEqual(
            scene.Cluster.Records(2, scene.Cluster.Head), await scene.ReadAsync(await OnlyPathAsync(scene)));
    }

    [Theory]
    [InlineData(FaultMoment.Before)]
    [InlineData(FaultMoment.Midway)]
    [InlineData(FaultMoment.After)]
    public async Task A_store_that_fails_at_any_operation_leaves_no_hole(FaultMoment moment)
    {
        for (int failAt = 1; failAt <= 8; failAt++)
        {
            await using ArchiveScene scene = new() { Log = Quick };
            await scene.StartAsync();
            await scene.StopAsync();
            FaultyObjectStore faulty = new(scene.Store) { FailAt = 0, Moment = moment };
            await scene.StartAsync(faulty);
            faulty.FailAt = faulty.Operations.Count + failAt;
            for (int round = 0; round < 4; round++)
            {
                PutMany(scene, 3);
                await scene.CloseAsync(scene.Cluster.Head);
            }

            await scene.StopAsync();

            Assert.True(faulty.Struck || failAt > 4, $"operation {failAt} did not fail");
            AssertEqual(
                scene.Cluster.Records(2, scene.Cluster.Head), await scene.ReadAsync(await OnlyPathAsync(scene)));
        }
    }

    private static void PutMany(ArchiveScene scene, int count, string value = "v")
    {
        for (int i = 0; i < count; i++)
        {
            scene.Cluster.Put($"/k/{i}", value);
        }
    }

    private static async Task<LogPath> OnlyPathAsync(ArchiveScene scene) =>
        Assert.Single(LogPath.Of(Assert.Single(await scene.LineagesAsync())));

    private static void AssertEqual(IReadOnlyList<StoredRecord> expected, IReadOnlyList<StoredRecord> found) =>
        Assert.Equal(expected.Select(Text), found.Select(Text));

    private static string Text(StoredRecord record) =>
        $"{record.Main}.{record.Sub} {record.IsTombstone} {Convert.ToHexString(record.Value.Span)}";
}
