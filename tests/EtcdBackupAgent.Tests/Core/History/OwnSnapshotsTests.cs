using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.History;

public sealed class OwnSnapshotsTests
{
    private static readonly ResourceName Nightly = new(ResourceName.NamespaceDefault, "nightly");

    [Fact]
    public void A_policy_continues_the_history_before_a_restore_and_owns_the_abandoned_branch()
    {
        Snapshot restored = Histories.At(day: 1);
        Snapshot left = Histories.At(day: 2);
        Snapshot after = Histories.At(day: 3, cluster: 0xb);

        Assert.Equal([restored, left, after], Own(0xb, [restored, left, after], Histories.Note(0xa, 0xb, restored)));
    }

    [Fact]
    public void It_continues_across_several_restores_even_if_a_cluster_between_has_no_snapshot()
    {
        Snapshot oldest = Histories.At(day: 1);
        Snapshot newest = Histories.At(day: 3, cluster: 0xc);

        Assert.Equal(
            [oldest, newest],
            Own(0xc, [oldest, newest], Histories.Note(0xa, 0xb, oldest), Histories.Note(0xb, 0xc)));
    }

    [Fact]
    public void Without_a_note_another_cluster_with_the_same_policy_name_is_never_its_own()
    {
        Snapshot theirs = Histories.At(day: 1);
        Snapshot mine = Histories.At(day: 2, cluster: 0xb);

        Assert.Equal([mine], Own(0xb, [theirs, mine]));
    }

    [Fact]
    public void A_copy_that_was_restored_for_a_test_owns_nothing_of_a_cluster_that_still_runs()
    {
        Snapshot restored = Histories.At(day: 1);
        Snapshot copy = Histories.At(day: 2, cluster: 0xb);
        Snapshot original = Histories.At(day: 3);
        RestoreNote note = Histories.Note(0xa, 0xb, restored);

        Assert.Equal([copy], Own(0xb, [restored, copy, original], note));
        Assert.Equal([restored, original], Own(0xa, [restored, copy, original], note));

        // Then dates decide which is the newest, not the note.
        Assert.Equal([restored, copy, original], SnapshotHistory.Of([copy, original, restored], [note]).Snapshots);
    }

    [Fact]
    public void A_slow_clock_after_a_restore_does_not_make_the_old_cluster_look_alive_if_the_store_has_the_dates()
    {
        DateTimeOffset stored = SampleSnapshots.NewYear.AddYears(3);
        Snapshot before = Histories.At(day: 300) with { StoredAt = stored };
        Snapshot lagging = Histories.At(day: 1, cluster: 0xb) with { StoredAt = stored.AddDays(1) };

        Assert.Equal([before, lagging], Own(0xb, [before, lagging], Histories.Note(0xa, 0xb, before)));
    }

    [Fact]
    public void A_date_in_the_future_does_not_prove_that_a_cluster_still_runs()
    {
        Snapshot future = Histories.At(day: 900, future: true);
        Snapshot restored = Histories.At(day: 1);
        Snapshot after = Histories.At(day: 2, cluster: 0xb);

        Assert.Equal(
            [future, restored, after],
            Own(0xb, [after, future, restored], Histories.Note(0xa, 0xb, restored)));
    }

    [Fact]
    public void A_note_whose_snapshot_is_from_another_cluster_is_ignored()
    {
        Snapshot theirs = Histories.At(day: 1);
        Snapshot unrelated = Histories.At(day: 1, cluster: 0xd);
        Snapshot mine = Histories.At(day: 2, cluster: 0xb);

        Assert.Equal([mine], Own(0xb, [theirs, unrelated, mine], Histories.Note(0xa, 0xb, unrelated)));
    }

    [Fact]
    public void A_policy_with_another_uid_keeps_its_snapshots_despite_a_note()
    {
        Snapshot theirs = Histories.At(day: 1, uid: "another");
        Snapshot before = Histories.At(day: 1, uid: Histories.PolicyUid);
        Snapshot mine = Histories.At(day: 2, cluster: 0xb, uid: Histories.PolicyUid);
        SnapshotHistory history = SnapshotHistory.Of([theirs, before, mine], [Histories.Note(0xa, 0xb, before)]);

        OwnSnapshots own = history.OwnOf(Nightly, new EtcdId(0xb), Histories.PolicyUid);

        Assert.Equal([before, mine], history.Snapshots.Where(own.Contains));
    }

    [Fact]
    public void Notes_that_form_a_cycle_end()
    {
        Snapshot a = Histories.At(day: 1);
        Snapshot b = Histories.At(day: 1, cluster: 0xb);

        Assert.Equal(2, Own(0xb, [a, b], Histories.Note(0xa, 0xb), Histories.Note(0xb, 0xa)).Length);
    }

    [Fact]
    public void If_the_cluster_is_not_known_the_uid_decides()
    {
        Snapshot theirs = Histories.At(day: 1, uid: "another");
        Snapshot unlabelled = Histories.At(day: 2);
        Snapshot mine = Histories.At(day: 3, uid: Histories.PolicyUid);
        SnapshotHistory history = SnapshotHistory.Of([theirs, unlabelled, mine], []);

        Assert.Equal([mine], history.Snapshots.Where(history.OwnOf(Nightly, null, Histories.PolicyUid).Contains));
        Assert.Equal(3, history.Snapshots.Count(history.OwnOf(Nightly, null, null).Contains));

        // The worker uses the cluster of the newest snapshot of that UID, and the name if there is none.
        Assert.Equal(3, history.Snapshots.Count(history.OwnOf(Nightly, Histories.PolicyUid).Contains));
        Assert.Equal(3, history.Snapshots.Count(history.OwnOf(Nightly, "unseen").Contains));
    }

    private static Snapshot[] Own(ulong cluster, Snapshot[] snapshots, params RestoreNote[] notes)
    {
        SnapshotHistory history = SnapshotHistory.Of(snapshots, notes);
        OwnSnapshots own = history.OwnOf(Nightly, new EtcdId(cluster), policyUid: null);
        return [.. history.Snapshots.Where(own.Contains)];
    }
}
