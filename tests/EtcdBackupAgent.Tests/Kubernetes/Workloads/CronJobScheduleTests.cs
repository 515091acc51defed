using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Workloads;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Workloads;

public sealed class CronJobScheduleTests
{
    [Theory]
    [InlineData("@every 1m", "* * * * *")]
    [InlineData("@every 2m", "*/2 * * * *")]
    [InlineData("@every 60s", "* * * * *")]
    [InlineData("@every 5m", "*/5 * * * *")]
    [InlineData("@every 15m", "*/15 * * * *")]
    [InlineData("@every 30m", "*/30 * * * *")]
    [InlineData("@every 60m", "0 * * * *")]
    [InlineData("@every 1h", "0 * * * *")]
    [InlineData("@every 1h60m", "0 */2 * * *")]
    [InlineData("@every 6h", "0 */6 * * *")]
    [InlineData("@every 12h", "0 */12 * * *")]
    [InlineData("@every 720m", "0 */12 * * *")]
    [InlineData("@every 24h", "0 0 * * *")]
    public void An_interval_that_divides_an_hour_or_a_day_is_converted_to_cron(string every, string cron) =>
        Assert.Equal(cron, Convert(every));

    [Theory]
    [InlineData("@every 30s")]
    [InlineData("@every 90s")]
    [InlineData("@every 7m")]
    [InlineData("@every 45m")]
    [InlineData("@every 90m")]
    [InlineData("@every 1h30m")]
    [InlineData("@every 5h")]
    [InlineData("@every 7h")]
    [InlineData("@every 25h")]
    [InlineData("@every 48h")]
    [InlineData("@every 168h")]
    public void Any_other_interval_is_not_converted(string every) => Assert.Null(Convert(every));

    [Theory]
    [InlineData("*/10 * * * *")]
    [InlineData("0 2 * * MON-FRI")]
    [InlineData("@hourly")]
    [InlineData("@midnight")]
    public void A_cron_schedule_and_a_word_are_not_changed(string schedule) =>
        Assert.Equal(schedule, Convert(schedule));

    [Fact]
    public void White_space_around_a_schedule_is_removed() => Assert.Equal("0 2 * * *", Convert(" 0 2 * * * "));

    private static string? Convert(string schedule) =>
        CronJobSchedule.Convert(BackupSchedule.Parse(schedule, TimeZoneInfo.Utc));
}
