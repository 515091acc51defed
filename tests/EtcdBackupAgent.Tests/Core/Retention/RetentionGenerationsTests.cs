using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Retention;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Retention;

public sealed class RetentionGenerationsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 9, 12, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// The list by which restic's rules were read off restic itself, newest first: hours, days, a week that begins on
    /// Monday, the turn of the year within one week, and a gap of months.
    /// </summary>
    private static readonly string[] Dates =
    [
        "2026-11-09 00:00:00", "2026-11-08 23:59:59", "2026-11-02 00:45:00", "2026-11-02 00:30:00",
        "2026-11-01 23:30:00", "2026-10-25 01:30:00", "2026-01-01 00:00:00", "2025-12-31 23:59:59",
        "2025-12-29 12:00:00", "2024-06-01 12:00:00",
    ];

    private static readonly Arbitrary<Snapshot[]> AnySnapshots = (
        from hour in Gen.Choose(0, 24 * 400)
        from verified in Gen.Elements<VerificationResult?>(null, null, VerificationResult.Sound)
        select SampleSnapshots.Create(
            SampleSnapshots.NewYear.AddHours(hour), verified: verified, revision: 1 + hour))
        .ArrayOf().ToArbitrary();

    private static readonly Arbitrary<PolicyRetention> AnyRetention = (
        from last in Count()
        from hourly in Count()
        from daily in Count()
        from weekly in Count()
        from monthly in Count()
        from yearly in Count()
        from within in Gen.Elements<int?>(null, null, 1, 40)
        from kilobytes in Gen.Elements<int?>(null, null, 8, 40)
        select new PolicyRetention
        {
            Last = last,
            Hourly = hourly,
            Daily = daily,
            Weekly = weekly,
            Monthly = monthly,
            Yearly = yearly,
            Within = within is { } days ? TimeSpan.FromDays(days) : null,
            MaxBytes = kilobytes * 1024L,
        }).ToArbitrary();

    [Theory]
    [InlineData("hourly 3", "1 2 3")]
    [InlineData("daily 3", "1 2 3")]
    [InlineData("weekly 4", "1 2 5 6")]
    [InlineData("monthly 3", "1 6 7")]
    [InlineData("yearly 5", "1 8 10")]
    [InlineData("yearly 2", "1 8")]
    [InlineData("within 8", "1 2 3 4 5")]
    [InlineData("last 1, yearly 2", "1 8")]
    [InlineData("last 4", "1 2 3 4")]
    [InlineData("daily 30", "1 2 3 5 6 7 8 9 10")]
    public void The_generations_keep_what_restic_keeps(string kinds, string expected)
    {
        Snapshot[] snapshots = [.. Dates.Select(At)];

        string[] kept =
        [
            .. Make(snapshots, Read(kinds)).Where(decision => decision.Keep)
                .Select(decision => $"{Array.IndexOf(snapshots, decision.Snapshot) + 1}"),
        ];

        Assert.Equal(expected, string.Join(' ', kept));
    }

    [Fact]
    public void Every_kind_that_keeps_a_snapshot_is_a_reason()
    {
        Snapshot[] snapshots = [At("2026-11-09 10:00:00"), At("2026-11-09 09:00:00"), At("2026-11-08 09:00:00")];

        Assert.Equal(
            [
                "number 1 of the newest 1 complete snapshots; newest of 2026-11-09 (daily 1 of 3); newest of 2026-W46 "
                    + "(weekly 1 of 1); within 12h of the newest",
                "within 12h of the newest",
                "newest of 2026-11-08 (daily 2 of 3)",
            ],
            Make(snapshots, Read("last 1, daily 3, weekly 1") with { Within = TimeSpan.FromHours(12) })
                .Select(decision => decision.Reason));
    }

    [Fact]
    public void A_snapshot_that_no_kind_keeps_is_removed_with_the_kinds_as_the_reason()
    {
        Snapshot[] snapshots = [At("2026-11-09 10:00:00"), At("2026-11-09 09:00:00"), At("2026-11-08 09:00:00")];

        Assert.Equal(
            "older than the newest 1 complete snapshots, and not kept by daily 2",
            Make(snapshots, Read("last 1, daily 2"))[1].Reason);
        Assert.Equal("not kept by daily 2", Make(snapshots, Read("daily 2"))[1].Reason);
    }

    [Fact]
    public void The_oldest_snapshot_is_kept_while_there_are_fewer_periods_than_wanted()
    {
        Snapshot[] snapshots =
        [
            At("2026-11-03 08:00:00"), At("2026-11-02 10:00:00"), At("2026-11-02 09:00:00"), At("2026-11-02 08:00:00"),
        ];

        Assert.Equal(
            [
                "newest of 2026-11-03 (daily 1 of 3)", "newest of 2026-11-02 (daily 2 of 3)", "not kept by daily 3",
                "oldest (daily 3 of 3)",
            ],
            Make(snapshots, Read("daily 3")).Select(decision => decision.Reason));
    }

    [Fact]
    public void Days_begin_in_the_time_zone_of_the_policy()
    {
        Snapshot[] snapshots = [At("2026-07-02 01:00:00"), At("2026-07-01 22:30:00"), At("2026-07-01 21:30:00")];
        PolicyRetention berlin =
            Read("daily 2") with { TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin") };

        Assert.Equal(
            [(true, "newest of 2026-07-02 (daily 1 of 2)"), (false, "not kept by daily 2"),
                (true, "newest of 2026-07-01 (daily 2 of 2)")],
            Make(snapshots, berlin).Select(decision => (decision.Keep, decision.Reason)));
    }

    [Fact]
    public void The_hour_that_a_clock_has_twice_is_two_hours()
    {
        Snapshot[] snapshots = [At("2026-10-25 01:30:00"), At("2026-10-25 00:30:00")];
        PolicyRetention berlin =
            Read("hourly 2") with { TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin") };

        Assert.Equal(
            ["newest of 2026-10-25 02h+01:00 (hourly 1 of 2)", "newest of 2026-10-25 02h+02:00 (hourly 2 of 2)"],
            Make(snapshots, berlin).Select(decision => decision.Reason));
    }

    [Fact]
    public void Nothing_from_the_future_takes_the_place_of_a_snapshot()
    {
        Snapshot future = SampleSnapshots.Create(
            new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero), revision: 4_000_000_000, future: true);
        Snapshot true1 = At("2026-11-09 10:00:00");

        IReadOnlyList<RetentionDecision> plan = Make([future, true1, At("2026-11-09 09:00:00")], Read("yearly 1"));

        Assert.Equal([true, true, false], plan.Select(decision => decision.Keep));
        Assert.Equal("newest of 2026 (yearly 1 of 1)", plan[1].Reason);
    }

    [Fact]
    public void A_damaged_snapshot_is_kept_until_as_many_newer_ones_exist_as_the_largest_kind_keeps()
    {
        Snapshot damaged = SampleSnapshots.Create(
            new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero), verified: VerificationResult.Damaged, revision: 1);
        Snapshot[] newer = [.. Enumerable.Range(0, 3).Select(i => At($"2026-11-09 0{i}:00:00"))];

        Assert.Equal(
            (true, "damaged according to its deep verification, not counted"),
            Last(Make([.. newer[..2], damaged], Read("hourly 1, daily 3"))));
        Assert.Equal(
            (false, "older than the newest 3 complete snapshots"),
            Last(Make([.. newer, damaged], Read("hourly 1, daily 3"))));

        static (bool Keep, string Reason) Last(IReadOnlyList<RetentionDecision> plan) =>
            (plan[^1].Keep, plan[^1].Reason);
    }

    [Fact]
    public void An_expired_snapshot_is_removed_even_if_a_kind_would_keep_it_and_takes_no_place()
    {
        Snapshot expired = Expiring(At("2026-11-09 11:00:00"), Now);
        Snapshot[] snapshots =
            [At("2026-11-09 11:30:00"), expired, Expiring(At("2026-11-09 10:00:00"), Now.AddTicks(1))];

        IReadOnlyList<RetentionDecision> plan = Make(snapshots, Read("last 2"));

        Assert.Equal([true, false, true], plan.Select(decision => decision.Keep));
        Assert.Equal("expired at 2026-11-09 12:00:00Z", plan[1].Reason);
    }

    [Fact]
    public void The_newest_ones_up_to_the_minimum_are_kept_though_they_have_expired()
    {
        Snapshot[] snapshots = [.. Enumerable.Range(0, 3).Select(i => Expiring(At($"2026-11-0{5 - i} 10:00:00"), Now))];

        IReadOnlyList<RetentionDecision> plan =
            Make(snapshots, new PolicyRetention { Ttl = TimeSpan.FromDays(1), Minimum = 2 });

        Assert.Equal([true, true, false], plan.Select(decision => decision.Keep));
        Assert.Equal(
            "expired at 2026-11-09 12:00:00Z, but one of the newest 2, which are always kept", plan[1].Reason);
    }

    [Fact]
    public void The_oldest_go_until_the_rest_fits_into_the_size()
    {
        Snapshot[] snapshots = [.. Enumerable.Range(0, 4).Select(i => At($"2026-11-0{5 - i} 10:00:00"))];
        long each = snapshots[0].Manifest.StoredBytes;

        IReadOnlyList<RetentionDecision> plan = Make(snapshots, new PolicyRetention { MaxBytes = (2 * each) + 1 });

        Assert.Equal([true, true, false, false], plan.Select(decision => decision.Keep));
        Assert.Equal("kept while there is room", plan[1].Reason);
        Assert.Equal($"the oldest, and all together have more than {(2 * each) + 1} bytes", plan[2].Reason);
    }

    [Fact]
    public void A_size_never_removes_the_minimum_nor_the_newest_proved_one()
    {
        Snapshot proved = SampleSnapshots.Create(
            new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero), verified: VerificationResult.Sound, revision: 1);
        Snapshot[] snapshots = [At("2026-11-05 10:00:00"), At("2026-11-04 10:00:00"), proved];

        Assert.Equal(
            [true, false, true],
            Make(snapshots, new PolicyRetention { MaxBytes = 1 }).Select(decision => decision.Keep));
    }

    [Fact]
    public void A_base_goes_for_the_size_only_with_what_stands_on_it()
    {
        Snapshot needed = SampleSnapshots.Create(new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero), revision: 1);
        Snapshot first = SampleSnapshots.Incremental(new(2026, 11, 2, 0, 0, 0, TimeSpan.Zero), needed);
        Snapshot second = SampleSnapshots.Incremental(new(2026, 11, 3, 0, 0, 0, TimeSpan.Zero), needed);
        Snapshot newest = SampleSnapshots.Create(new(2026, 11, 4, 0, 0, 0, TimeSpan.Zero), revision: 5000);
        long each = newest.Manifest.StoredBytes;

        Assert.Equal(
            [true, true, false, true],
            Make([newest, second, first, needed], new PolicyRetention { MaxBytes = 3 * each })
                .Select(decision => decision.Keep));
        Assert.Equal(
            [true, false, false, false],
            Make([newest, second, first, needed], new PolicyRetention { MaxBytes = 2 * each })
                .Select(decision => decision.Keep));
    }

    [Fact]
    public void A_second_prune_finds_nothing_to_do() =>
        Prop.ForAll(AnySnapshots, AnyRetention, (snapshots, retention) =>
        {
            Snapshot[] left = [.. Make(snapshots, retention).Where(d => d.Keep).Select(d => d.Snapshot)];
            return Make(left, retention).All(d => d.Keep);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_newest_and_the_newest_proved_snapshot_are_never_removed() =>
        Prop.ForAll(AnySnapshots, AnyRetention, (snapshots, retention) =>
        {
            IReadOnlyList<RetentionDecision> plan = Make(snapshots, retention);
            return plan is [] or [{ Keep: true }, ..]
                && plan.FirstOrDefault(d => d.Snapshot.IsProved) is null or { Keep: true };
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Another_kind_never_removes_what_was_kept() =>
        Prop.ForAll(AnySnapshots, AnyRetention, (snapshots, retention) =>
        {
            PolicyRetention sizeless = retention with { MaxBytes = null };
            PolicyRetention fewer = sizeless.Last is null ? sizeless : sizeless with { Weekly = null };
            return !fewer.HasKinds || Kept(snapshots, fewer).IsSubsetOf(Kept(snapshots, sizeless));
        }).QuickCheckThrowOnFailure();

    private static Gen<int?> Count() => Gen.Elements<int?>(null, null, 1, 3, 10);

    private static HashSet<SnapshotId> Kept(Snapshot[] snapshots, PolicyRetention retention) =>
        [.. Make(snapshots, retention).Where(d => d.Keep).Select(d => d.Snapshot.Id)];

    private static Snapshot At(string utc)
    {
        DateTimeOffset at = DateTimeOffset.Parse($"{utc}Z", System.Globalization.CultureInfo.InvariantCulture);
        return SampleSnapshots.Create(at, revision: 1 + (long)(at - DateTimeOffset.UnixEpoch).TotalSeconds);
    }

    private static Snapshot Expiring(Snapshot snapshot, DateTimeOffset at) =>
        snapshot with { Manifest = snapshot.Manifest with { ExpiresAt = at } };

    private static PolicyRetention Read(string kinds)
    {
        Dictionary<string, int> counts = kinds.Split(", ").Select(kind => kind.Split(' ')).ToDictionary(
            words => words[0],
            words => int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture),
            StringComparer.Ordinal);
        return new PolicyRetention
        {
            Last = CountOf("last"),
            Hourly = CountOf("hourly"),
            Daily = CountOf("daily"),
            Weekly = CountOf("weekly"),
            Monthly = CountOf("monthly"),
            Yearly = CountOf("yearly"),
            Within = CountOf("within") is { } days ? TimeSpan.FromDays(days) : null,
        };

        int? CountOf(string kind) => counts.TryGetValue(kind, out int count) ? count : null;
    }

    private static IReadOnlyList<RetentionDecision> Make(IEnumerable<Snapshot> snapshots, PolicyRetention retention) =>
        RetentionPlan.Make(
            SnapshotHistory.Of(snapshots, []),
            new RetentionRule
            {
                Policy = new ResourceName(ResourceName.NamespaceDefault, "nightly"),
                ClusterId = new EtcdId(0xc1),
                Retention = retention,
            },
            Now);
}
