using EtcdBackupAgent.Kubernetes.Controllers;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Controllers;

/// <summary>Every combination of the facts: each problem keeps the snapshot, and only an intended deletion deletes
/// it.</summary>
public sealed class RecordDeletionTests
{
    private static readonly bool[] Either = [false, true];

    private static readonly RecordDeletionFacts Ordinary = new()
    {
        HasLocation = true,
        HasPolicy = true,
        Snapshot = new RecordedSnapshot(IsReadable: true, IsOwn: true, IsGood: true, OtherGood: 1),
    };

    public static TheoryData<string, string?> Table => new()
    {
        { "ordinary", null },
        { "namespace", "the namespace is being deleted or was created again" },
        { "definition", "the definition of the kind is being deleted or was created again" },
        { "location", "its location is gone or being deleted" },
        { "policy", "its policy is gone or being deleted" },
        { "unreadable", "its manifest cannot be read" },
        {
            "foreign",
            "it belongs to another cluster, or to another etcd cluster than the one that the policy backs up"
        },
        { "last", "it is the last good snapshot of its policy" },
        { "base", "the incremental snapshots 1a2b3c4d, 5e6f7a8b stand on it" },
        { "bad and alone", null },
        { "bad beside a good one", null },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_snapshot_is_kept_with_a_reason(string name, string? why)
    {
        RecordedSnapshot snapshot = Ordinary.Snapshot!;
        RecordDeletionFacts facts = name switch
        {
            "namespace" => Ordinary with { IsNamespaceBeingDeleted = true },
            "definition" => Ordinary with { IsDefinitionBeingDeleted = true },
            "location" => Ordinary with { HasLocation = false },
            "policy" => Ordinary with { HasPolicy = false },
            "unreadable" => Ordinary with { Snapshot = snapshot with { IsReadable = false } },
            "foreign" => Ordinary with { Snapshot = snapshot with { IsOwn = false } },
            "base" => Ordinary with { Snapshot = snapshot with { Dependents = ["1a2b3c4d", "5e6f7a8b"] } },
            "last" => Ordinary with { Snapshot = snapshot with { OtherGood = 0 } },
            "bad and alone" => Ordinary with { Snapshot = snapshot with { IsGood = false, OtherGood = 0 } },
            "bad beside a good one" => Ordinary with { Snapshot = snapshot with { IsGood = false } },
            _ => Ordinary,
        };

        Assert.Equal(why, RecordDeletion.ReasonToKeep(facts));
    }

    [Fact]
    public void Among_all_combinations_only_those_without_a_reason_to_keep_delete_the_snapshot()
    {
        int deleted = 0;
        foreach (RecordDeletionFacts facts in AllFacts())
        {
            RecordedSnapshot snapshot = facts.Snapshot!;
            bool expected =
                facts is
                {
                    IsNamespaceBeingDeleted: false,
                    IsDefinitionBeingDeleted: false,
                    HasLocation: true,
                    HasPolicy: true,
                }
                && snapshot is { IsReadable: true, IsOwn: true }
                && (snapshot.OtherGood > 0 || !snapshot.IsGood);

            Assert.Equal(expected, RecordDeletion.ReasonToKeep(facts) is null);
            deleted += expected ? 1 : 0;
        }

        Assert.Equal(3, deleted);
    }

    [Fact]
    public void The_repository_is_read_only_if_the_decision_depends_on_it()
    {
        foreach (RecordDeletionFacts facts in AllFacts().Select(facts => facts with { Snapshot = null }))
        {
            if (RecordDeletion.NeedsRepository(facts))
            {
                Assert.Throws<ArgumentException>(() => RecordDeletion.ReasonToKeep(facts));
            }
            else
            {
                Assert.NotNull(RecordDeletion.ReasonToKeep(facts));
            }
        }
    }

    private static IEnumerable<RecordDeletionFacts> AllFacts() =>
        from ns in Either
        from definition in Either
        from location in Either
        from policy in Either
        from readable in Either
        from own in Either
        from good in Either
        from other in Either
        select new RecordDeletionFacts
        {
            IsNamespaceBeingDeleted = ns,
            IsDefinitionBeingDeleted = definition,
            HasLocation = location,
            HasPolicy = policy,
            Snapshot = new RecordedSnapshot(readable, own, good, other ? 1 : 0),
        };
}
