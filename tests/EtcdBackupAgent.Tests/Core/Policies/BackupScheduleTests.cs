using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Policies;

public sealed class BackupScheduleTests
{
    [Theory]
    [InlineData("60 * * * *", "minute: 60 is out of range; allowed is 0 to 59")]
    [InlineData("* 24 * * *", "hour: 24 is out of range; allowed is 0 to 23")]
    [InlineData("* * 0 * *", "day of month: 0 is out of range; allowed is 1 to 31")]
    [InlineData("* * * 13 *", "month: 13 is out of range; allowed is 1 to 12 or JAN to DEC")]
    [InlineData("* * * * 8", "day of week: 8 is out of range; allowed is 0 to 7 or SUN to SAT")]
    [InlineData("* * * JUM *", "month: 'JUM' is not a month; allowed is 1 to 12 or JAN to DEC; did you mean 'JUN'?")]
    [InlineData("* * * * monday", "day of week: 'monday' is not a day of week")]
    [InlineData("30-10 * * * *", "minute: the range '30-10' ends before it starts")]
    [InlineData("*/0 * * * *", "minute: the step '0' is not a number from 1 to 1000")]
    [InlineData("*/ * * * *", "minute: the step '' is not a number from 1 to 1000")]
    [InlineData("1,,2 * * * *", "minute: '1,,2' is not a value, a range a-b, or either with /step")]
    [InlineData("1-2-3 * * * *", "minute: '1-2-3' is not a value")]
    [InlineData("-1 * * * *", "minute: '' is not a minute")]
    [InlineData("+1 * * * *", "minute: '+1' is not a minute")]
    [InlineData("99999999999 * * * *", "minute: '99999999999' is not a minute")]
    [InlineData("L * * * *", "minute: 'L' is not a minute")]
    [InlineData("* * * *", "a schedule has 5 fields (minute, hour, day of month, month, day of week), this one has 4")]
    [InlineData(
        "0 0 0 * * ?", "a schedule has 5 fields (minute, hour, day of month, month, day of week), this one has 6")]
    [InlineData("", "a schedule has 5 fields")]
    [InlineData(
        "@Daily",
        "'@Daily' is not a schedule; allowed are @yearly, @annually, @monthly, @weekly, @daily, @midnight, "
        + "@hourly and @every DURATION; did you mean '@daily'?")]
    [InlineData("@reboot", "'@reboot' is not a schedule")]
    [InlineData("0 0 31 4,6,9,11 *", "it never fires")]
    [InlineData("0 0 30,31 2 *", "it never fires")]
    [InlineData("@every", "@every needs one duration such as 90m, 1h30m or 45s (units h, m, s, ms, us, ns), not ''")]
    [InlineData("@every 5", "@every needs one duration")]
    [InlineData("@every 1d", "@every needs one duration")]
    [InlineData("@every -1h", "@every needs one duration")]
    [InlineData("@every 1h 30m", "@every needs one duration")]
    [InlineData("@every 1.2.3h", "@every needs one duration")]
    [InlineData("@every 99999999999999999h", "@every needs one duration")]
    [InlineData("@every 999ms", "@every 999ms is out of range; allowed is 1s to 87600h")]
    [InlineData("@every 87601h", "@every 87601h is out of range; allowed is 1s to 87600h")]
    public void An_invalid_schedule_is_refused_with_field_value_and_range(string text, string message)
    {
        BackupException e = Assert.Throws<BackupException>(() => BackupSchedule.Parse(text, TimeZoneInfo.Utc));
        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TZ=Europe/Berlin 0 4 * * *")]
    [InlineData("CRON_TZ=UTC @daily")]
    public void A_time_zone_in_the_text_is_refused_with_a_hint(string text)
    {
        BackupException e = Assert.Throws<BackupException>(() => BackupSchedule.Parse(text, TimeZoneInfo.Utc));
        Assert.Contains("spec.timeZone", e.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1h30m", 5400)]
    [InlineData("1.5h", 5400)]
    [InlineData("90m", 5400)]
    [InlineData("1500ms", 1)]
    [InlineData("1h0m0.9s", 3600)]
    [InlineData("2000000us", 2)]
    [InlineData("2000000µs", 2)]
    [InlineData("3000000000ns", 3)]
    [InlineData(".5h", 1800)]
    public void An_interval_is_a_duration_of_Go_in_whole_seconds(string duration, int seconds)
    {
        BackupSchedule schedule = BackupSchedule.Parse("@every " + duration, TimeZoneInfo.Utc);
        Assert.Equal(TimeSpan.FromSeconds(seconds), schedule.Interval);
        Assert.Null(schedule.Cron);
    }

    [Theory]
    [InlineData("*/2", false)]
    [InlineData("1-31", false)]
    [InlineData("*", true)]
    [InlineData("?", true)]
    [InlineData("*/1", true)]
    [InlineData("3,*", true)]
    public void A_day_field_is_unrestricted_only_as_a_bare_wildcard(string field, bool unrestricted)
    {
        CronSchedule cron = CronSchedule.Parse($"0 0 {field} * *");
        Assert.Equal(unrestricted, cron.DayOfMonth.IsUnrestricted);
    }

    [Theory]
    [InlineData("5-7", new[] { 0, 5, 6 })]
    [InlineData("7", new[] { 0 })]
    [InlineData("0-7", new[] { 0, 1, 2, 3, 4, 5, 6 })]
    [InlineData("1-7/2", new[] { 0, 1, 3, 5 })]
    [InlineData("mon,WED-fri", new[] { 1, 3, 4, 5 })]
    [InlineData("4/2", new[] { 4, 6 })]
    public void Days_of_the_week_have_names_and_two_numbers_for_Sunday(string field, int[] days) =>
        Assert.Equal(days, CronSchedule.Parse($"0 0 * * {field}").DayOfWeek.Values);

    [Fact]
    public void A_schedule_equals_another_with_the_same_text_and_zone()
    {
        TimeZoneInfo berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        BackupSchedule daily = BackupSchedule.Parse("@daily", TimeZoneInfo.Utc);
        Assert.Equal(daily, BackupSchedule.Parse("@daily", TimeZoneInfo.Utc));
        Assert.NotEqual(daily, BackupSchedule.Parse("@daily", berlin));
        Assert.NotEqual(daily, BackupSchedule.Parse("0 0 * * *", TimeZoneInfo.Utc));
        Assert.Equal("@daily (UTC)", daily.ToString());
    }

    [Theory]
    [InlineData("retainNumBackup", "retainNumBackups")]
    [InlineData("retianNumBackups", "retainNumBackups")]
    [InlineData("SCHEDULE", "schedule")]
    [InlineData("color", null)]
    public void The_nearest_name_is_near(string written, string? expected) =>
        Assert.Equal(expected, NearestName.Of(written, ["destination", "retainNumBackups", "schedule", "suspend"]));
}
