using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Scheduling;
using Xunit;

namespace EtcdBackupAgent.Tests.Scheduling;

public sealed class ScheduleIntervalTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 7, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("*/10 * * * *", "UTC", "00:10:00")]
    [InlineData("@hourly", "UTC", "01:00:00")]
    [InlineData("* 8-17 * * 1-5", "UTC", "2.14:01:00")]
    [InlineData("0 4 * * *", "UTC", "1.00:00:00")]
    [InlineData("0 4 * * *", "Europe/Berlin", "1.01:00:00")]
    [InlineData("0 4 * * 1-5", "UTC", "3.00:00:00")]
    [InlineData("0 0 1 * *", "UTC", "31.00:00:00")]
    [InlineData("0 0 1 1 *", "UTC", "365.00:00:00")]
    [InlineData("@every 1h30m", "UTC", "01:30:00")]
    public void The_longest_time_between_two_backups_is_found(string schedule, string zone, string longest) =>
        Assert.Equal(
            TimeSpan.Parse(longest, System.Globalization.CultureInfo.InvariantCulture),
            ScheduleInterval.Longest(Policy(schedule, zone), Now));

    [Fact]
    public void A_policy_without_a_schedule_or_suspended_has_no_interval()
    {
        Assert.Null(ScheduleInterval.Longest(Policy(null), Now));
        Assert.Null(ScheduleInterval.Longest(Policy("@daily") with { Suspend = true }, Now));
    }

    private static BackupPolicy Policy(string? schedule, string zone = "UTC") => new()
    {
        Name = new ResourceName("n", "p"),
        Destination = new ResourceName("n", "l"),
        EtcdEndpoints = [new Uri(BackupPolicy.EtcdEndpointDefault)],
        EtcdCredentials = new ResourceName("n", "etcd-creds"),
        Schedule = schedule is null
            ? null
            : BackupSchedule.Parse(schedule, TimeZoneInfo.FindSystemTimeZoneById(zone)),
        Retention = PolicyRetention.Newest(1),
        Suspend = false,
        Options = new Dictionary<string, string>(StringComparer.Ordinal),
    };
}
