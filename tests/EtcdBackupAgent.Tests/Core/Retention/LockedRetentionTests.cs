using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Stores;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Retention;

/// <summary>Retention of snapshots that their bucket has locked.</summary>
public sealed class LockedRetentionTests
{
    private static readonly DateTimeOffset Now = SampleSnapshots.NewYear.AddDays(10);

    [Fact]
    public void A_locked_snapshot_stays_until_its_date_whatever_the_rule_says()
    {
        Snapshot locked = Locked(SampleSnapshots.Create(SampleSnapshots.NewYear), Now.AddDays(1));
        Snapshot newest = SampleSnapshots.Create(SampleSnapshots.NewYear.AddDays(1));

        RetentionDecision before = Decide(Now, locked, newest)[1];
        RetentionDecision after = Decide(Now.AddDays(2), locked, newest)[1];

        Assert.Equal((true, true), (before.Keep, before.IsOnlyLocked));
        Assert.Equal(
            "older than the newest 1 complete snapshots, but locked until 2026-01-12 00:00:00Z (Compliance)",
            before.Reason);
        Assert.Equal((false, false), (after.Keep, after.IsOnlyLocked));
    }

    [Fact]
    public void A_snapshot_that_a_kind_keeps_is_not_kept_by_its_lock()
    {
        RetentionDecision only = Assert.Single(Decide(
            Now, Locked(SampleSnapshots.Create(SampleSnapshots.NewYear), Now.AddDays(1))));

        Assert.Equal((true, false), (only.Keep, only.IsOnlyLocked));
    }

    [Fact]
    public void The_base_of_a_locked_incremental_snapshot_stays_with_it()
    {
        Snapshot needed = SampleSnapshots.Create(SampleSnapshots.NewYear);
        Snapshot upper = Locked(
            SampleSnapshots.Incremental(SampleSnapshots.NewYear.AddDays(1), needed), Now.AddDays(1));
        Snapshot newest = SampleSnapshots.Create(SampleSnapshots.NewYear.AddDays(2));

        IReadOnlyList<RetentionDecision> decisions = Decide(Now, needed, upper, newest);

        Assert.All(decisions, decision => Assert.True(decision.Keep));
        Assert.EndsWith($"but the base of {upper.Id}", decisions[2].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_locked_snapshot_is_not_removed_to_make_room()
    {
        Snapshot locked = Locked(SampleSnapshots.Create(SampleSnapshots.NewYear), Now.AddDays(1));
        Snapshot middle = SampleSnapshots.Create(SampleSnapshots.NewYear.AddDays(1));
        Snapshot newest = SampleSnapshots.Create(SampleSnapshots.NewYear.AddDays(2));

        IReadOnlyList<RetentionDecision> decisions = RetentionPlan.Make(
            SnapshotHistory.Of([locked, middle, newest], []),
            Rule(new PolicyRetention { MaxBytes = newest.Manifest.StoredBytes }),
            Now);

        Assert.Equal([true, false, true], decisions.Select(decision => decision.Keep));
    }

    private static Snapshot Locked(Snapshot snapshot, DateTimeOffset until) =>
        snapshot with { Lock = new ObjectLock(ObjectLockMode.Compliance, until) };

    private static IReadOnlyList<RetentionDecision> Decide(DateTimeOffset now, params Snapshot[] snapshots) =>
        RetentionPlan.Make(SnapshotHistory.Of(snapshots, []), Rule(new PolicyRetention { Last = 1 }), now);

    private static RetentionRule Rule(PolicyRetention retention) => new()
    {
        Policy = new ResourceName(ResourceName.NamespaceDefault, "nightly"),
        ClusterId = new EtcdId(0xc1),
        Retention = retention,
    };
}
