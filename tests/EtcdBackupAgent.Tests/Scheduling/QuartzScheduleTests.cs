using System.Globalization;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Scheduling;
using FsCheck;
using FsCheck.Fluent;
using Quartz;
using Xunit;

namespace EtcdBackupAgent.Tests.Scheduling;

public sealed class QuartzScheduleTests
{
    /// <summary>The next leap day can be eight years away, across a century year without one.</summary>
    private const int DaysMax = 9 * 366;

    public static TheoryData<string, string, string, string> Golden()
    {
        TheoryData<string, string, string, string> rows = [];
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "golden", "schedules.txt")))
        {
            if (line.Length > 0 && !line.StartsWith('#'))
            {
                string[] cells = line.Split('|', StringSplitOptions.TrimEntries);
                rows.Add(cells[0], cells[1], cells[2], cells[3]);
            }
        }

        return rows;
    }

    [Fact]
    public void The_golden_table_has_at_least_90_rows() => Assert.True(Golden().Count >= 90);

    [Theory]
    [MemberData(nameof(Golden))]
    public void Fire_times_are_those_of_the_golden_table(string text, string zone, string after, string expected)
    {
        TimeZoneInfo timeZone = TimeZoneInfo.FindSystemTimeZoneById(zone);
        BackupSchedule schedule = BackupSchedule.Parse(text, timeZone);
        DateTimeOffset at = DateTimeOffset.Parse(after, CultureInfo.InvariantCulture);
        foreach (string time in expected.Split(' '))
        {
            at = QuartzSchedule.NextAfter(schedule, at, anchor: at);
            Assert.Equal(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), at);
        }
    }

    [Fact]
    public void Random_schedules_in_UTC_fire_when_a_search_of_every_minute_finds() =>
        Check(Instants(2020, 2032), TimeZoneInfo.Utc);

    [Theory]
    [InlineData("America/New_York", "2026-03-08T07:00:00Z")]
    [InlineData("America/New_York", "2026-11-01T06:00:00Z")]
    [InlineData("Europe/Berlin", "2026-10-25T01:00:00Z")]
    [InlineData("Australia/Lord_Howe", "2026-10-03T15:30:00Z")]
    [InlineData("Australia/Lord_Howe", "2026-04-04T15:00:00Z")]
    [InlineData("America/Santiago", "2026-09-06T04:00:00Z")]
    public void Random_schedules_around_a_clock_change_fire_when_a_search_of_every_minute_finds(
        string zone, string change)
    {
        DateTimeOffset at = DateTimeOffset.Parse(change, CultureInfo.InvariantCulture);
        Gen<DateTimeOffset> near = Gen.Choose(-240, 120).Select(minutes => at.AddMinutes(minutes));
        Check(near, TimeZoneInfo.FindSystemTimeZoneById(zone));
    }

    [Theory]
    [InlineData("2026-05-01T10:00:00Z", "2026-05-01T10:00:00Z", "2026-05-01T11:30:00Z")]
    [InlineData("2026-05-01T10:00:00Z", "2026-05-01T11:29:59Z", "2026-05-01T11:30:00Z")]
    [InlineData("2026-05-01T10:00:00Z", "2026-05-01T11:30:00Z", "2026-05-01T13:00:00Z")]
    [InlineData("2026-05-01T10:00:00Z", "2026-05-04T00:00:00Z", "2026-05-04T01:00:00Z")]
    [InlineData("2026-05-01T10:00:00Z", "2026-05-01T08:00:00Z", "2026-05-01T08:30:00Z")]
    public void An_interval_is_counted_from_its_anchor(string anchor, string after, string expected)
    {
        BackupSchedule schedule = BackupSchedule.Parse("@every 1h30m", TimeZoneInfo.Utc);
        DateTimeOffset next = QuartzSchedule.NextAfter(
            schedule,
            DateTimeOffset.Parse(after, CultureInfo.InvariantCulture),
            DateTimeOffset.Parse(anchor, CultureInfo.InvariantCulture));
        Assert.Equal(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), next);
    }

    /// <summary>Quartz computes the fire times of a running worker; here its trigger is called directly.</summary>
    [Theory]
    [MemberData(nameof(Golden))]
    public void A_trigger_of_Quartz_fires_at_the_times_of_the_golden_table(
        string text, string zone, string after, string expected)
    {
        TimeZoneInfo timeZone = TimeZoneInfo.FindSystemTimeZoneById(zone);
        BackupSchedule schedule = BackupSchedule.Parse(text, timeZone);
        DateTimeOffset first = QuartzSchedule.NextAfter(
            schedule, DateTimeOffset.Parse(after, CultureInfo.InvariantCulture), DateTimeOffset.UnixEpoch);
        ITrigger trigger = TriggerBuilder.Create()
            .StartAt(first)
            .WithSchedule(QuartzSchedule.Builder(schedule))
            .Build();
        string[] times = expected.Split(' ');

        DateTimeOffset? next = trigger.GetFireTimeAfter(first.AddTicks(-1));
        foreach (string time in times)
        {
            Assert.Equal(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), next);
            next = trigger.GetFireTimeAfter(next);
        }
    }

    [Fact]
    public void A_fixed_time_does_not_fire_again_within_the_repeated_hour()
    {
        BackupSchedule schedule = BackupSchedule.Parse(
            "43 1 * * *", TimeZoneInfo.FindSystemTimeZoneById("America/New_York"));
        DateTimeOffset within = new(2026, 11, 1, 6, 32, 0, TimeSpan.Zero);

        DateTimeOffset next = QuartzSchedule.NextAfter(schedule, within, within);

        Assert.Equal(new DateTimeOffset(2026, 11, 2, 6, 43, 0, TimeSpan.Zero), next);
    }

    private static void Check(Gen<DateTimeOffset> instants, TimeZoneInfo zone)
    {
        Gen<(string, DateTimeOffset)> cases = Expressions().Zip(instants);
        Prop.ForAll(cases.ToArbitrary(), pair =>
        {
            (string text, DateTimeOffset after) = pair;
            DateTimeOffset? expected = new MinuteByMinute(text, zone).NextAfter(after, DaysMax);
            if (expected is null)
            {
                Assert.Throws<BackupException>(() => BackupSchedule.Parse(text, zone));
                return;
            }

            DateTimeOffset actual = QuartzSchedule.NextAfter(BackupSchedule.Parse(text, zone), after, after);
            Assert.True(
                expected == actual,
                $"'{text}' in {zone.Id} after {after:O}: expected {expected:O}, was {actual:O}");
        })
            .QuickCheckThrowOnFailure();
    }

    private static Gen<DateTimeOffset> Instants(int firstYear, int lastYear) =>
        Gen.Choose(0, (lastYear - firstYear) * 365 * 24 * 60)
            .Zip(Gen.Choose(0, 59))
            .Select(t =>
                new DateTimeOffset(firstYear, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(t.Item1).AddSeconds(t.Item2));

    private static Gen<string> Expressions() =>
        from minute in Field(0, 59, [])
        from hour in Field(0, 23, [])
        from dayOfMonth in Field(1, 31, [])
        from month in Field(1, 12, ["jan", "Feb", "MAR", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
        from dayOfWeek in Field(0, 7, ["SUN", "mon", "Tue", "wed", "thu", "fri", "sat"])
        select string.Join(' ', minute, hour, dayOfMonth, month, dayOfWeek);

    private static Gen<string> Field(int least, int greatest, string[] names)
    {
        Gen<string> value = Gen.Choose(least, greatest).Select(v => v.ToString(CultureInfo.InvariantCulture));
        Gen<string> single = names.Length == 0 ? value : Gen.OneOf(value, Gen.Elements(names));
        Gen<string> range =
            from first in Gen.Choose(least, greatest)
            from last in Gen.Choose(first, greatest)
            select string.Create(CultureInfo.InvariantCulture, $"{first}-{last}");
        Gen<string> namedRange =
            from first in Gen.Choose(0, names.Length - 1)
            from last in Gen.Choose(first, names.Length - 1)
            select $"{names[first]}-{names[last]}";
        Gen<string> anyRange = names.Length == 0 ? range : Gen.OneOf(range, namedRange);
        Gen<string> step = Gen.Choose(1, greatest + 5)
            .Select(s => string.Create(CultureInfo.InvariantCulture, $"/{s}"));
        Gen<string> stepped = Gen.OneOf(value, anyRange, Gen.Constant("*")).Zip(step).Select(t => t.Item1 + t.Item2);
        Gen<string> list = Gen.OneOf(single, anyRange, stepped)
            .NonEmptyListOf()
            .Select(terms => string.Join(',', terms.Take(3)));
        return Gen.Frequency((4, Gen.Constant("*")), (1, Gen.Constant("?")), (3, single), (2, list));
    }
}
