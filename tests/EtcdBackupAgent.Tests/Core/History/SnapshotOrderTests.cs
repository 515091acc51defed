using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.History;

public sealed class SnapshotOrderTests
{
    private static readonly ulong[] Clusters = [0xa, 0xb, 0xc, 0xd];

    private static readonly Gen<Snapshot> AnySnapshot =
        from day in Gen.Choose(0, 12)
        from revision in Gen.Choose(1, 6)
        from term in Gen.Choose(1, 3)
        from cluster in Gen.Elements(Clusters)
        from future in Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true)))
        select Histories.WithTerm(
            SampleSnapshots.Create(
                SampleSnapshots.NewYear.AddDays(future ? day + 1000 : day),
                cluster: cluster,
                revision: revision,
                future: future),
            (ulong)term);

    private static readonly Arbitrary<Snapshot[]> AnySnapshots = AnySnapshot.ArrayOf().ToArbitrary();

    /// <summary>Includes notes that contradict each other, and notes that form a cycle.</summary>
    private static readonly Arbitrary<RestoreNote[]> AnyNotes = (
        from older in Gen.Elements(Clusters)
        from newer in Gen.Elements(Clusters)
        select Histories.Note(older, newer)).ArrayOf().ToArbitrary();

    [Fact]
    public void The_order_is_total_antisymmetric_and_transitive_over_several_clusters() =>
        Prop.ForAll(AnySnapshots, AnyNotes, (snapshots, notes) =>
        {
            Snapshot[] few = [.. snapshots.Take(7)];
            IComparer<Snapshot> order = SnapshotHistory.Of(few, notes).Order;
            return few.All(a => order.Compare(a, a) == 0)
                && few.All(a => few.All(b => ReferenceEquals(a, b) || order.Compare(a, b) != 0))
                && few.All(a => few.All(b => Math.Sign(order.Compare(a, b)) == -Math.Sign(order.Compare(b, a))))
                && few.All(a => few.All(b => few.All(c =>
                    !(order.Compare(a, b) < 0 && order.Compare(b, c) < 0) || order.Compare(a, c) < 0)));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_order_does_not_depend_on_the_order_of_the_listing() =>
        Prop.ForAll(AnySnapshots, AnyNotes, (snapshots, notes) =>
            SnapshotHistory.Of(snapshots, notes).Snapshots
                .SequenceEqual(SnapshotHistory.Of(snapshots.Reverse(), notes.Reverse()).Snapshots))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Within_a_cluster_no_date_contradicts_etcds_revisions() =>
        Prop.ForAll(AnySnapshots, AnyNotes, (snapshots, notes) =>
            SnapshotHistory.Of(snapshots, notes).Snapshots
                .GroupBy(s => s.Manifest.ClusterId)
                .All(cluster => cluster.Zip(cluster.Skip(1), Histories.Rises).All(rises => rises)))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_slow_clock_makes_no_snapshot_older()
    {
        Snapshot older = Histories.At(day: 20, revision: 100);
        Snapshot lagging = Histories.At(day: 1, revision: 200);

        Assert.Equal([older, lagging], SnapshotHistory.Of([lagging, older], []).Snapshots);
    }

    [Fact]
    public void A_wrong_date_does_not_move_a_line_relative_to_another_cluster()
    {
        Snapshot first = Histories.At(day: 1, cluster: 0xa, revision: 1);
        Snapshot future = Histories.At(day: 900, cluster: 0xa, revision: 2, future: true);
        Snapshot real = Histories.At(day: 3, cluster: 0xa, revision: 3);
        Snapshot between = Histories.At(day: 2, cluster: 0xb);
        Snapshot last = Histories.At(day: 4, cluster: 0xb);

        Assert.Equal(
            [first, future, between, real, last],
            SnapshotHistory.Of([last, real, future, between, first], []).Snapshots);
    }

    [Fact]
    public void Of_equals_in_one_second_the_fraction_decides_then_the_completion_then_the_id()
    {
        DateTimeOffset second = SampleSnapshots.NewYear;
        Snapshot a = SampleSnapshots.Create(second.AddMilliseconds(1), id: Id("ffffffff"));
        Snapshot b = SampleSnapshots.Create(second.AddMilliseconds(2), id: Id("00000001"));
        Snapshot c = b with
        {
            Folder = new SnapshotFolder(second, Id("00000002")),
            Manifest = b.Manifest with { Id = Id("00000002") },
        };
        a = a with { Manifest = a.Manifest with { StartedAt = second.AddMilliseconds(1) } };
        b = b with { Manifest = b.Manifest with { StartedAt = second.AddMilliseconds(2) } };
        c = c with { Manifest = c.Manifest with { StartedAt = second.AddMilliseconds(2) } };

        Assert.Equal([a, b, c], SnapshotHistory.Of([c, b, a], []).Snapshots);
    }

    [Fact]
    public void Of_equals_the_one_dated_in_the_future_counts_as_older()
    {
        Snapshot future = Histories.At(day: 900, future: true);
        Snapshot real = Histories.At(day: 1);

        Assert.Equal([future, real], SnapshotHistory.Of([real, future], []).Snapshots);
    }

    [Fact]
    public void A_restored_cluster_comes_after_its_origin_even_if_its_revisions_are_lower()
    {
        Snapshot before = Histories.At(day: 1, cluster: 0xa, revision: 900);
        Snapshot abandoned = Histories.At(day: 2, cluster: 0xa, revision: 1000);
        Snapshot after = Histories.At(day: 3, cluster: 0xb, revision: 901);

        SnapshotHistory history = SnapshotHistory.Of([after, abandoned, before], [Histories.Note(0xa, 0xb, before)]);

        Assert.Equal([before, abandoned, after], history.Snapshots);
    }

    private static SnapshotId Id(string text) =>
        SnapshotId.TryParse(text, out SnapshotId id) ? id : throw new FormatException(text);
}
