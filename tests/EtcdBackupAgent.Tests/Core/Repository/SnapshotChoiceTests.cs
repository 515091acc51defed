using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Repository;

public sealed class SnapshotChoiceTests
{
    private static readonly Inventory Several = new()
    {
        History = SnapshotHistory.Of(
            [
                Snapshot(1, "aaaa0001"),
                Snapshot(2, "aaaa0002"),
                Snapshot(3, "bbbb0003"),
                Snapshot(4, "cccc0004", complete: false),
            ],
            []),
        Unreadable =
        [
            new UnreadableSnapshot
            {
                Folder = Snapshot(5, "dddd0005").Folder,
                Problem = new BackupException(FailureReason.DataDamaged, "torn"),
            },
        ],
        Unreferenced = new Dictionary<SnapshotFolder, IReadOnlyList<StoredObject>>(),
    };

    [Theory]
    [InlineData("aaaa0001", "aaaa0001")]
    [InlineData("AAAA0001", "aaaa0001")]
    [InlineData("b", "bbbb0003")]
    [InlineData("latest", "bbbb0003")]
    [InlineData("cccc", "cccc0004")]
    public void An_id_or_its_start_or_latest_finds_the_snapshot(string typed, string expected) =>
        Assert.Equal(expected, SnapshotChoice.Find(Several, typed, "file:///r").Id.Value);

    [Theory]
    [InlineData("aaaa", FailureReason.SnapshotAmbiguous, "aaaa0001, aaaa0002")]
    [InlineData("ffff", FailureReason.SnapshotNotFound, "ffff")]
    [InlineData("", FailureReason.InvalidInput, "''")]
    [InlineData("xyz", FailureReason.InvalidInput, "'xyz'")]
    [InlineData("aaaa00011", FailureReason.InvalidInput, "'aaaa00011'")]
    [InlineData("dddd", FailureReason.DataDamaged, "torn")]
    public void An_invalid_or_ambiguous_id_is_refused_with_the_reason(string typed, FailureReason reason, string named)
    {
        BackupException failure =
            Assert.Throws<BackupException>(() => SnapshotChoice.Find(Several, typed, "file:///r"));

        Assert.Equal(reason, failure.Reason);
        Assert.Contains(named, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_finds_the_one_snapshot_that_has_it()
    {
        Inventory named = Several with
        {
            History = SnapshotHistory.Of(
                [
                    Named(Snapshot(1, "aaaa0001"), "nightly-1.36.4"),
                    Named(Snapshot(2, "aaaa0002"), "nightly-1.37.0"),
                    Named(Snapshot(3, "bbbb0003"), "nightly-1.37.0"),
                ],
                []),
        };

        Assert.Equal("aaaa0001", SnapshotChoice.Find(named, "nightly-1.36.4", "file:///r").Id.Value);
        BackupException twice =
            Assert.Throws<BackupException>(() => SnapshotChoice.Find(named, "nightly-1.37.0", "file:///r"));
        Assert.Equal(FailureReason.SnapshotAmbiguous, twice.Reason);
        Assert.Contains("aaaa0002, bbbb0003", twice.Message, StringComparison.Ordinal);
        BackupException missing =
            Assert.Throws<BackupException>(() => SnapshotChoice.Find(named, "nightly-1.38.0", "file:///r"));
        Assert.Equal(FailureReason.SnapshotNotFound, missing.Reason);
        Assert.Contains("'nightly-1.38.0'", missing.Message, StringComparison.Ordinal);
    }

    private static Snapshot Named(Snapshot snapshot, string name) =>
        snapshot with { Manifest = snapshot.Manifest with { Name = name } };

    [Fact]
    public void The_folder_of_an_unreadable_snapshot_can_be_found() =>
        Assert.Equal("dddd0005", SnapshotChoice.FindFolder(Several, "dd", "file:///r").Id.Value);

    [Fact]
    public void Latest_is_not_found_without_a_complete_snapshot()
    {
        Inventory broken = Several with
        {
            History = SnapshotHistory.Of([Snapshot(1, "aaaa0001", complete: false)], []),
        };

        Assert.Equal(
            FailureReason.SnapshotNotFound,
            Assert.Throws<BackupException>(() => SnapshotChoice.Find(broken, "latest", "file:///r")).Reason);
    }

    [Fact]
    public void Latest_skips_snapshots_dated_in_the_future_and_reports_it_if_all_are()
    {
        Snapshot future = Snapshot(900, "eeee0006") with { IsFromFuture = true };
        Inventory some = Several with { History = SnapshotHistory.Of([.. Several.Snapshots, future], []) };
        Inventory all = Several with { History = SnapshotHistory.Of([future], []) };

        Assert.Equal("bbbb0003", SnapshotChoice.Find(some, "latest", "file:///r").Id.Value);
        Assert.Equal("eeee0006", SnapshotChoice.Find(some, "eeee", "file:///r").Id.Value);
        BackupException none = Assert.Throws<BackupException>(() => SnapshotChoice.Find(all, "latest", "file:///r"));
        Assert.Contains("dated in the future by this machine's clock", none.Message, StringComparison.Ordinal);
        Assert.Contains("eeee0006", none.Message, StringComparison.Ordinal);
    }

    private static Snapshot Snapshot(int day, string idText, bool complete = true)
    {
        Assert.True(SnapshotId.TryParse(idText, out SnapshotId id));
        return SampleSnapshots.Create(SampleSnapshots.NewYear.AddDays(day), complete: complete, id: id);
    }
}
