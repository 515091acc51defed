using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>When an imported snapshot was taken.</summary>
/// <param name="TakenAt">The time.</param>
/// <param name="From">Where it is from.</param>
internal sealed record ImportAge(DateTimeOffset TakenAt, ImportTime From)
{
    /// <summary>The first release of etcd 3, which wrote the first snapshots of this format.</summary>
    public static readonly DateTimeOffset TakenAtMin = new(2016, 6, 30, 0, 0, 0, TimeSpan.Zero);

    private const string TimeHint = "Give the time at which the snapshot was taken.";

    /// <summary>Chooses the time that the user gave, or the modification time of the file.</summary>
    /// <param name="given">The time that the user gave; null for none.</param>
    /// <param name="input">The input.</param>
    /// <param name="now">The time now.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: there is no time, or it cannot be right.
    /// </exception>
    public static ImportAge Of(DateTimeOffset? given, OpenedInput input, DateTimeOffset now)
    {
        ImportAge age = given is { } time ? new ImportAge(time.ToUniversalTime(), ImportTime.Given)
            : input.FileTime is { } modified ? new ImportAge(modified, ImportTime.File)
            : throw Refuse($"When the snapshot from {input.Name} was taken is not known.");
        string what = age.From == ImportTime.File ? $"The modification time of {input.Name}," : "The given time,";
        return ClockTolerance.IsFuture(age.TakenAt, now) ? throw Refuse($"{what} {age.TakenAt:u}, is in the future.")
            : age.TakenAt < TakenAtMin ? throw Refuse($"{what} {age.TakenAt:u}, is before the first release of etcd 3.")
            : age;
    }

    /// <summary>Returns when retention removes the snapshot, as after a backup at that time; null for never.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: that time has passed, so that the next prune would remove it.
    /// </exception>
    public DateTimeOffset? ExpiresAt(TimeSpan? age, DateTimeOffset now) => TakenAt + age is { } end && end <= now
        ? throw new BackupException(
            FailureReason.InvalidInput,
            $"The snapshot of {TakenAt:u} would have expired at {end:u}, and the next prune would remove it.")
        {
            Hint = "Choose a longer time until it expires; it counts from the time at which the snapshot was taken.",
            Settings = [Setting.ExpiresIn],
        }
        : TakenAt + age;

    private static BackupException Refuse(string message) =>
        new(FailureReason.InvalidInput, message) { Hint = TimeHint, Settings = [Setting.TakenAt] };
}
