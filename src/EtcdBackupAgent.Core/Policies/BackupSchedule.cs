using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// The schedule of a policy, as text and as parsed: either <see cref="Cron"/> or <see cref="Interval"/> is set. Two
/// schedules are equal if they have the same text and the same time zone. The grammar is in <c>docs/policies.md</c>.
/// </summary>
public sealed record BackupSchedule
{
    /// <summary>The shortest <c>@every</c>, the same as in robfig/cron, which CronJobs use.</summary>
    public static readonly TimeSpan IntervalMin = TimeSpan.FromSeconds(1);

    /// <summary>The longest <c>@every</c>: more than ten years is a typing error, not a schedule.</summary>
    public static readonly TimeSpan IntervalMax = TimeSpan.FromDays(3650);

    private const string Every = "@every";

    private BackupSchedule(string text, TimeZoneInfo timeZone, CronSchedule? cron, TimeSpan? interval) =>
        (Text, TimeZone, Cron, Interval) = (text, timeZone, cron, interval);

    /// <summary>The text in the policy, for messages and documents.</summary>
    public string Text { get; }

    /// <summary>The time zone whose wall clock <see cref="Cron"/> matches; an interval does not depend on it.</summary>
    public TimeZoneInfo TimeZone { get; }

    public CronSchedule? Cron { get; }

    /// <summary>The interval in whole seconds, counted from the start of the last backup.</summary>
    public TimeSpan? Interval { get; }

    /// <summary>Parses the text of a policy's <c>schedule</c>.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>; the message describes the invalid part. It does not repeat the whole
    /// text, which the caller shows.
    /// </exception>
    public static BackupSchedule Parse(string text, TimeZoneInfo timeZone)
    {
        string trimmed = text.Trim();
        if (trimmed.StartsWith("TZ=", StringComparison.Ordinal)
            || trimmed.StartsWith("CRON_TZ=", StringComparison.Ordinal))
        {
            throw new BackupException(FailureReason.InvalidInput, "the schedule must not contain a time zone")
            {
                Hint = "Write the zone into spec.timeZone, as for a CronJob.",
            };
        }

        string[] words = trimmed.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words is [Every, ..]
            ? new BackupSchedule(text, timeZone, null, ParseInterval(words))
            : new BackupSchedule(text, timeZone, CronSchedule.Parse(trimmed), null);
    }

    public bool Equals(BackupSchedule? other) =>
        other is not null && Text == other.Text && TimeZone.Id == other.TimeZone.Id;

    public override int GetHashCode() => HashCode.Combine(Text, TimeZone.Id);

    public override string ToString() => $"{Text} ({TimeZone.Id})";

    private static TimeSpan ParseInterval(string[] words)
    {
        if (words.Length != 2 || GoDuration.Parse(words[1]) is not { } duration)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"{Every} needs one duration such as 90m, 1h30m or 45s (units h, m, s, ms, us, ns), "
                + $"not '{string.Join(' ', words.Skip(1))}'");
        }

        if (duration < IntervalMin || duration > IntervalMax)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"{Every} {words[1]} is out of range; "
                + $"allowed is {IntervalMin.TotalSeconds:0}s to {IntervalMax.TotalHours:0}h");
        }

        // robfig/cron drops fractions of a second.
        return TimeSpan.FromSeconds(Math.Floor(duration.TotalSeconds));
    }
}
