using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Commands;

/// <summary>Reads options that are durations: whole days such as <c>7d</c>, or durations such as <c>36h</c>.</summary>
internal static class DurationOption
{
    /// <summary>Returns the duration; null if the option is not given.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: it is not a duration, or out of its range.
    /// </exception>
    public static TimeSpan? ReadDuration(this ParseResult parsed, Option<string?> option, TimeSpan min, TimeSpan max) =>
        parsed.GetValue(option) is not { } text ? null
        : GoDuration.ParseWithDays(text) is { } duration && duration >= min && duration <= max ? duration
        : throw new BackupException(
            FailureReason.InvalidInput,
            $"{option.Name} '{text}' is not a duration of at least {min.TotalSeconds:0}s"
            + (max == TimeSpan.MaxValue ? "." : $" and at most {max.TotalSeconds:0}s."))
        {
            Hint = "Give a duration such as 30s, 15m or 24h.",
        };
}
