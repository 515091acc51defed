using System.Globalization;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Tests.Core.History;
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
        from verified in Gen.Elements<VerificationResult?>(
            null, null, VerificationResult.Sound, VerificationResult.Damaged)
        select SampleSnapshots.Create(
            SampleSnapshots.NewYear.AddDays(day), policy, cluster, complete, verified: verified))
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
    public void The_plan_matches_the_golden_table(string goldenCase)
    {
        string[] lines = goldenCase.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] ruleWords = lines[1]["rule: ".Length..].Split(' ');
        RetentionRule rule = Rule(
            ruleWords[0], Hex(ruleWords[1]), int.Parse(ruleWords[2], CultureInfo.InvariantCulture));
        GoldenRow[] rows = [.. lines.Skip(2).Select(GoldenRow.Parse)];

        IReadOnlyList<RetentionDecision> decisions = Make(rows.Select(r => r.Snapshot), rule);

        Assert.Equal(
            rows.OrderByDescending(r => r.Snapshot.Folder.StartedAt).Select(r => (r.Snapshot.Id, r.Keep, r.Reason)),
            decisions.Select(d => (d.Snapshot.Id, d.Keep, d.Reason)));
    }

    [Fact]
    public void A_rule_that_keeps_nothing_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Make([], Rule("nightly", 0xc1, 0)));

    [Fact]
    public void A_base_is_kept_with_a_reason_while_a_kept_snapshot_stands_on_it()
    {
        Snapshot unused = SampleSnapshots.Create(SampleSnapshots.NewYear, revision: 1);
        Snapshot needed = SampleSnapshots.Create(SampleSnapshots.NewYear.AddDays(1), revision: 2);
        Snapshot old = SampleSnapshots.Incremental(SampleSnapshots.NewYear.AddDays(2), needed);
        Snapshot first = SampleSnapshots.Incremental(SampleSnapshots.NewYear.AddDays(3), needed);
        Snapshot second = SampleSnapshots.Incremental(SampleSnapshots.NewYear.AddDays(4), needed);

        IReadOnlyList<RetentionDecision> plan = Make([unused, needed, old, first, second], Rule("nightly", 0xc1, 2));

        Assert.Equal(
            [(second.Id, true), (first.Id, true), (old.Id, false), (needed.Id, true), (unused.Id, false)],
            plan.Select(decision => (decision.Snapshot.Id, decision.Keep)));
        Assert.Equal(
            $"older than the newest 2 complete snapshots, but the base of {second.Id}, {first.Id}",
            plan[3].Reason);
    }

    [Fact]
    public void A_base_is_removed_with_the_last_snapshot_that_stood_on_it()
    {
        Snapshot needed = SampleSnapshots.Create(SampleSnapshots.NewYear, revision: 1);
        Snapshot incremental = SampleSnapshots.Incremental(SampleSnapshots.NewYear.AddDays(1), needed);
        Snapshot next = SampleSnapshots.Create(SampleSnapshots.NewYear.AddDays(2), revision: 5000);

        Assert.Equal(
            [true, false, false],
            Make([needed, incremental, next], Rule("nightly", 0xc1, 1)).Select(decision => decision.Keep));
    }

    [Fact]
    public void Of_the_good_snapshots_exactly_the_newest_and_the_newest_verified_one_are_kept() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
        {
            Snapshot[] good = [.. snapshots.Where(s => Covers(rule, s) && s.IsGood).OrderDescending(Snapshot.ByTime)];
            IEnumerable<SnapshotId> expected = good.Take(rule.Retention.Last!.Value)
                .Union(good.Where(s => s.IsProved).Take(1))
                .Select(s => s.Id);
            IEnumerable<SnapshotId> kept = Make(snapshots, rule)
                .Where(d => d.Keep && Covers(rule, d.Snapshot) && d.Snapshot.IsGood)
                .Select(d => d.Snapshot.Id);
            return kept.SequenceEqual(expected);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_newest_verified_snapshot_is_never_removed() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
            Make(snapshots, rule)
                .FirstOrDefault(d => Covers(rule, d.Snapshot) && d.Snapshot.IsProved) is null or { Keep: true })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_damaged_snapshot_changes_nothing_for_the_others() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
            Make(snapshots, rule).Where(d => !d.Snapshot.IsDamaged)
                .SequenceEqual(Make(snapshots.Where(s => !s.IsDamaged), rule)))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Another_policy_or_cluster_never_loses_a_snapshot() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
            Make(snapshots, rule).Where(d => !d.Keep).All(d => Covers(rule, d.Snapshot)))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Nothing_newer_than_a_kept_snapshot_is_removed_except_for_the_newest_verified_one() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
        {
            RetentionDecision[] own = [.. Make(snapshots, rule).Where(d => Covers(rule, d.Snapshot))];
            RetentionDecision? newestProved = own.FirstOrDefault(d => d.Snapshot.IsProved);
            return !own.Any(gone => !gone.Keep
                && own.Any(stays => stays.Keep && stays != newestProved
                    && Snapshot.ByTime.Compare(stays.Snapshot, gone.Snapshot) < 0));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_second_prune_finds_nothing_to_do() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
        {
            IEnumerable<Snapshot> left = Make(snapshots, rule).Where(d => d.Keep).Select(d => d.Snapshot);
            return Make(left, rule).All(d => d.Keep);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_snapshot_gets_exactly_one_decision_with_a_reason() =>
        Prop.ForAll(AnySnapshots, AnyRule, (snapshots, rule) =>
        {
            IReadOnlyList<RetentionDecision> plan = Make(snapshots, rule);
            return plan.Count == snapshots.Length
                && plan.Select(d => d.Snapshot.Id).Distinct().Count() == snapshots.Select(s => s.Id).Distinct().Count()
                && plan.All(d => d.Reason.Length > 0);
        }).QuickCheckThrowOnFailure();

    /// <summary>Histories with arbitrary dates: a third of them is in the future.</summary>
    private static readonly Arbitrary<Snapshot[]> AnyHistory = (
        from day in Gen.Choose(0, 20)
        from revision in Gen.Choose(1, 20)
        from cluster in Gen.Elements(Clusters)
        from complete in Gen.Frequency((3, Gen.Constant(true)), (1, Gen.Constant(false)))
        from future in Gen.Frequency((2, Gen.Constant(false)), (1, Gen.Constant(true)))
        select SampleSnapshots.Create(
            SampleSnapshots.NewYear.AddDays(future ? day + 1000 : day),
            cluster: cluster,
            complete: complete,
            revision: revision,
            future: future))
        .ArrayOf().ToArbitrary();

    [Fact]
    public void The_snapshot_just_made_is_never_removed_whatever_the_dates() =>
        Prop.ForAll(AnyHistory, Gen.Choose(1, 5).ToArbitrary(), (snapshots, retain) => snapshots.All(made =>
            Make(snapshots, RetentionRule.After(made.Manifest, PolicyRetention.Newest(retain)))
                .Single(d => ReferenceEquals(d.Snapshot, made))
                .Keep))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Dates_in_the_future_remove_no_other_snapshot() =>
        Prop.ForAll(AnyHistory, AnyRule, (snapshots, rule) =>
            Make(snapshots, rule).Where(d => !d.Snapshot.IsFromFuture)
                .SequenceEqual(Make(snapshots.Where(s => !s.IsFromFuture), rule)))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void If_dates_and_revisions_contradict_each_other_the_newest_of_both_are_kept() =>
        Prop.ForAll(AnyHistory, AnyRule, (snapshots, rule) =>
        {
            Snapshot[] counted = [.. snapshots.Where(s => Covers(rule, s) && s.IsGood && !s.IsFromFuture)];
            HashSet<SnapshotId> kept = [.. Make(snapshots, rule).Where(d => d.Keep).Select(d => d.Snapshot.Id)];
            int last = rule.Retention.Last!.Value;
            return counted.OrderDescending(Snapshot.ByTime).Take(last).All(s => kept.Contains(s.Id))
                && counted.OrderByDescending(s => s.Manifest.Revision).ThenByDescending(s => s, Snapshot.ByTime)
                    .Take(last).All(s => kept.Contains(s.Id))
                && counted.Count(s => kept.Contains(s.Id)) <= 2 * last;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Snapshots_dated_in_the_future_are_removed_after_enough_newer_ones()
    {
        Snapshot[] future = [.. Enumerable.Range(0, 3).Select(i => SampleSnapshots.Create(
            SampleSnapshots.NewYear.AddYears(5).AddDays(i), revision: 100 + i, future: true))];
        Snapshot[] later = [.. Enumerable.Range(0, 3).Select(i => SampleSnapshots.Create(
            SampleSnapshots.NewYear.AddDays(i), revision: 200 + i))];

        IReadOnlyList<RetentionDecision> early = Make(
            [.. future, .. later[..2]], RetentionRule.After(later[1].Manifest, PolicyRetention.Newest(3)));
        IReadOnlyList<RetentionDecision> late = Make(
            [.. future, .. later], RetentionRule.After(later[2].Manifest, PolicyRetention.Newest(3)));

        Assert.All(early, d => Assert.True(d.Keep, d.Reason));
        Assert.Contains("dated in the future (2031-01-01 00:00:00Z), not counted", early.Select(d => d.Reason));
        Assert.Equal(future.Reverse(), late.Where(d => !d.Keep).Select(d => d.Snapshot));
    }

    [Fact]
    public void Retention_counts_across_a_restore()
    {
        Snapshot[] before = [.. Enumerable.Range(1, 3).Select(day => Histories.At(day, revision: day))];
        Snapshot after = Histories.At(day: 4, cluster: 0xb, revision: 1_000_000_002);
        Snapshot theirs = Histories.At(day: 1, cluster: 0xc);

        IReadOnlyList<RetentionDecision> plan = RetentionPlan.Make(
            SnapshotHistory.Of([.. before, after, theirs], [Histories.Note(0xa, 0xb, before[1])]),
            RetentionRule.After(after.Manifest, PolicyRetention.Newest(3)),
            SampleSnapshots.NewYear);

        Assert.Equal([before[0]], plan.Where(d => !d.Keep).Select(d => d.Snapshot));
        Assert.Equal("belongs to etcd cluster c", plan.Single(d => d.Snapshot == theirs).Reason);
    }

    private static IReadOnlyList<RetentionDecision> Make(IEnumerable<Snapshot> snapshots, RetentionRule rule) =>
        RetentionPlan.Make(SnapshotHistory.Of(snapshots, []), rule, SampleSnapshots.NewYear);

    private static bool Covers(RetentionRule rule, Snapshot snapshot) =>
        snapshot.Manifest.Policy == rule.Policy && snapshot.Manifest.ClusterId == rule.ClusterId;

    private static RetentionRule Rule(string policy, ulong cluster, int retain) => new()
    {
        Policy = new ResourceName(ResourceName.NamespaceDefault, policy),
        ClusterId = new EtcdId(cluster),
        Retention = PolicyRetention.Newest(retain),
    };

    private static ulong Hex(string text) =>
        ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private sealed record GoldenRow(Snapshot Snapshot, bool Keep, string Reason)
    {
        public static GoldenRow Parse(string line)
        {
            string[] words = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            Snapshot snapshot = SampleSnapshots.Create(
                SampleSnapshots.NewYear.AddDays(int.Parse(words[0], CultureInfo.InvariantCulture) - 1),
                words[1],
                Hex(words[2]),
                complete: words[3] is not ("missing" or "lost"),
                verified: words[3] switch
                {
                    "proved" or "lost" => VerificationResult.Sound,
                    "damaged" => VerificationResult.Damaged,
                    "complete" or "missing" => null,
                    _ => throw new FormatException($"An unknown state in '{line}'."),
                });
            return new GoldenRow(snapshot, words[4] == "keep", words[5].Trim());
        }
    }
}
