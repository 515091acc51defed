using System.Globalization;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Retention;

public sealed class RetentionPlanTests
{
    private static readonly string[] Policies = ["nightly", "hourly"];
    private static readonly ulong[] Clusters = [0xc1, 0xc2];

    private static readonly Arbitrary<Snapshot[]> AnySnapshots = (
        from day in Gen.Choose(0, 40)
        from policy in Gen.Elements(Policies)
        from cluster in Gen.Elements(Clusters)
        from complete in Gen.Frequency((3, Gen.Constant(true)), (1, Gen.Constant(false)))
        from verified in Gen.Elements<VerificationResult?>(null, null, VerificationResult.Sound, VerificationResult.Damaged)
        select SampleSnapshots.Create(SampleSnapshots.NewYear.AddDays(day), policy, cluster, complete, verified: verified))
        .ArrayOf().ToArbitrary();

    private static readonly Arbitrary<RetentionRule> AnyRule = (
        from policy in Gen.Elements(Policies)
        from cluster in Gen.Elements(Clusters)
        from retain in Gen.Choose(1, 6)
        select Rule(policy, cluster, retain)).ToArbitrary();

    public static TheoryData<string> Cases =>
        [.. File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", "retention.txt"))
            .Split("case: ")
            .Skip(1)
            .Select(text => text.Trim())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_plan_is_what_the_golden_table_says(string goldenCase)
    {
        string[] lines = goldenCase.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] ruleWords = lines[1]["rule: ".Length..].Split(' ');
        RetentionRule rule = Rule(
            ruleWords[0], Hex(ruleWords[1]), int.Parse(ruleWords[2], CultureInfo.InvariantCulture));
        GoldenRow[] rows = [.. lines.Skip(2).Select(GoldenRow.Parse)];

        IReadOnlyList<RetentionDecision> decisions = RetentionPlan.Make(rows.Select(r => r.Snapshot), rule);

        Assert.Equal(
            rows.OrderByDescending(r => r.Snapshot.Folder.StartedAt).Select(r => (r.Snapshot.Id, r.Keep, r.Reason)),
            decisions.Select(d => (d.Snapshot.Id, d.Keep, d.Reason)));
    }

    [Fact]
    public void A_rule_that_keeps_nothing_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RetentionPlan.Make([], Rule("nightly", 0xc1, 0)));

    [Fact]
    public void Of_the_good_ones_exactly_the_newest_stay_and_the_newest_that_is_proved() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
        {
            Snapshot[] good = [.. snapshots.Where(s => Covers(rule, s) && s.IsGood).OrderDescending(Snapshot.ByTime)];
            IEnumerable<SnapshotId> expected = good.Take(rule.RetainNumBackups)
                .Union(good.Where(s => s.IsProved).Take(1))
                .Select(s => s.Id);
            IEnumerable<SnapshotId> kept = RetentionPlan.Make(snapshots, rule)
                .Where(d => d.Keep && Covers(rule, d.Snapshot) && d.Snapshot.IsGood)
                .Select(d => d.Snapshot.Id);
            return kept.SequenceEqual(expected);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_newest_proved_one_never_goes() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
            RetentionPlan.Make(snapshots, rule)
                .FirstOrDefault(d => Covers(rule, d.Snapshot) && d.Snapshot.IsProved) is null or { Keep: true })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_damaged_one_changes_nothing_for_the_others() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
            RetentionPlan.Make(snapshots, rule).Where(d => !d.Snapshot.IsDamaged)
                .SequenceEqual(RetentionPlan.Make(snapshots.Where(s => !s.IsDamaged), rule)))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Another_policy_or_cluster_never_loses_a_snapshot() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
            RetentionPlan.Make(snapshots, rule).Where(d => !d.Keep).All(d => Covers(rule, d.Snapshot)))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Nothing_goes_that_is_newer_than_one_that_stays_but_the_newest_that_is_proved() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
        {
            RetentionDecision[] own = [.. RetentionPlan.Make(snapshots, rule).Where(d => Covers(rule, d.Snapshot))];
            RetentionDecision? newestProved = own.FirstOrDefault(d => d.Snapshot.IsProved);
            return !own.Any(gone => !gone.Keep
                && own.Any(stays => stays.Keep && stays != newestProved
                    && Snapshot.ByTime.Compare(stays.Snapshot, gone.Snapshot) < 0));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_second_prune_finds_nothing_to_do() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
        {
            IEnumerable<Snapshot> left = RetentionPlan.Make(snapshots, rule).Where(d => d.Keep).Select(d => d.Snapshot);
            return RetentionPlan.Make(left, rule).All(d => d.Keep);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_snapshot_gets_exactly_one_decision_with_a_reason() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
        {
            IReadOnlyList<RetentionDecision> plan = RetentionPlan.Make(snapshots, rule);
            return plan.Count == snapshots.Length
                && plan.Select(d => d.Snapshot.Id).Distinct().Count() == snapshots.Select(s => s.Id).Distinct().Count()
                && plan.All(d => d.Reason.Length > 0);
        }).QuickCheckThrowOnFailure();

    private static bool Covers(RetentionRule rule, Snapshot snapshot) =>
        snapshot.Manifest.Policy == rule.Policy && snapshot.Manifest.Etcd.ClusterId == rule.ClusterId;

    private static RetentionRule Rule(string policy, ulong cluster, int retain) => new()
    {
        Policy = new ResourceName(ResourceName.NamespaceDefault, policy),
        ClusterId = new EtcdId(cluster),
        RetainNumBackups = retain,
    };

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private sealed record GoldenRow(Snapshot Snapshot, bool Keep, string Reason)
    {
        public static GoldenRow Parse(string line)
        {
            string[] words = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            Snapshot snapshot = SampleSnapshots.Create(
                SampleSnapshots.NewYear.AddDays(int.Parse(words[0], CultureInfo.InvariantCulture) - 1),
                words[1],
                Hex(words[2]),
                complete: words[3] is not ("lacking" or "lost"),
                verified: words[3] switch
                {
                    "proved" or "lost" => VerificationResult.Sound,
                    "damaged" => VerificationResult.Damaged,
                    "complete" or "lacking" => null,
                    _ => throw new FormatException($"An unknown state in '{line}'."),
                });
            return new GoldenRow(snapshot, words[4] == "keep", words[5].Trim());
        }
    }
}
