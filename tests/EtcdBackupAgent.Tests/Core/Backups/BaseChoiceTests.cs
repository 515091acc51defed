using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Snapshots.Verification;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Backups;

public sealed class BaseChoiceTests
{
    private static readonly DateTimeOffset Now = SampleSnapshots.NewYear.AddDays(1);
    private static readonly EtcdMember Known = SampleSnapshots.Create(SampleSnapshots.NewYear).Manifest.Etcd!;

    [Fact]
    public void The_newest_full_snapshot_of_the_policy_is_the_base()
    {
        Snapshot old = SampleSnapshots.Create(Now.AddHours(-20), revision: 10);
        Snapshot full = SampleSnapshots.Create(Now.AddHours(-10), revision: 20);
        Snapshot incremental = SampleSnapshots.Incremental(Now.AddHours(-5), full);
        Snapshot other = SampleSnapshots.Create(Now.AddHours(-1), policy: "hourly", revision: 30);

        BaseChoice choice = Among(old, full, incremental, other);

        Assert.Equal(full.Folder, choice.Base?.Folder);
        Assert.Equal($"changes since {full.Id}", choice.Reason);
    }

    [Fact]
    public void Without_a_full_snapshot_the_backup_is_full() => AssertFull("the policy has no full snapshot yet");

    [Fact]
    public void An_incomplete_base_is_not_used() => AssertFull(
        "is incomplete", SampleSnapshots.Create(Now.AddHours(-1), complete: false));

    [Fact]
    public void A_damaged_base_is_not_used() => AssertFull(
        "is damaged", SampleSnapshots.Create(Now.AddHours(-1), verified: VerificationResult.Damaged));

    [Fact]
    public void A_base_that_is_dated_in_the_future_is_not_used() => AssertFull(
        "the policy has no full snapshot yet", SampleSnapshots.Create(Now.AddHours(9), future: true));

    [Theory]
    [InlineData(-24, false)]
    [InlineData(-23.99, true)]
    public void A_base_of_the_age_at_which_a_full_one_is_due_is_not_used(double hours, bool isUsed) =>
        Assert.Equal(isUsed, Among(SampleSnapshots.Create(Now.AddHours(hours))).Base is not null);

    [Fact]
    public void The_same_cluster_further_on_is_stored_as_changes() => Assert.Null(Obstacle(member => member with
    {
        Revision = member.Revision + 5,
        RaftIndex = member.RaftIndex + 9,
    }));

    [Fact]
    public void Nothing_new_is_stored_as_changes_too() => Assert.Null(Obstacle(member => member));

    [Fact]
    public void Another_history_is_not_stored_as_changes()
    {
        Assert.Contains("the etcd cluster is c9", Obstacle(m => m with { ClusterId = new EtcdId(0xc9) }));
        Assert.Contains("etcd has version 3.6.0", Obstacle(m => m with { Version = "3.6.0" }));
        Assert.Contains("the cluster was restored", Obstacle(m => m with { Revision = m.Revision - 1 }));
        Assert.Contains("the cluster was restored", Obstacle(m => m with { RaftTerm = m.RaftTerm - 1 }));
        Assert.Contains("the cluster was restored", Obstacle(m => m with { RaftIndex = m.RaftIndex - 1 }));
        Assert.Contains("no quorum", Obstacle(m => m, "no quorum."));
    }

    private static void AssertFull(string reason, params Snapshot[] snapshots)
    {
        BaseChoice choice = Among(snapshots);

        Assert.Null(choice.Base);
        Assert.Contains(reason, choice.Reason, StringComparison.Ordinal);
    }

    private static BaseChoice Among(params Snapshot[] snapshots)
    {
        Inventory inventory = new()
        {
            History = SnapshotHistory.Of(snapshots, []),
            Unreadable = [],
            Unreferenced = new Dictionary<SnapshotFolder, IReadOnlyList<EtcdBackupAgent.Core.Stores.StoredObject>>(),
        };
        BackupRequest request = new()
        {
            Policy = new ResourceName(ResourceName.NamespaceDefault, "nightly"),
            Occasion = BackupOccasion.Scheduled,
        };
        return BaseChoice.Among(inventory, request, new PolicyIncrements(), Now);
    }

    private static string? Obstacle(Func<EtcdMember, EtcdMember> change, string? notLinearizable = null)
    {
        HashKv none = new() { Revision = 1, Hash = 1, CompactRevision = -1 };
        return BaseChoice.FindObstacle(
            Known,
            new EtcdSnapshot(change(Known), sizeBytes: 0, Stream.Null, _ => Task.FromResult(none))
            {
                HasRevisionAsync = (_, _) => Task.FromResult(true),
                NotLinearizableReason = notLinearizable,
            });
    }
}
