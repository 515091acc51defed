using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;

namespace EtcdBackupAgent.Observability.Metrics;

/// <summary>The measures of one policy. A null value is unknown and not published.</summary>
/// <remarks>
/// No published time is ahead of the clock: an alert that subtracts it from the current time would never fire. A time
/// that is too far ahead to be true counts as unknown, even if the reason is that the clock was set back later.
/// </remarks>
/// <param name="time">The clock.</param>
internal sealed class PolicyMeasures(TimeProvider time)
{
    private readonly SortedDictionary<string, long> _failures = new(StringComparer.Ordinal);
    private DateTimeOffset _seenAt = time.GetUtcNow();
    private DateTimeOffset? _lastAttempt;
    private DateTimeOffset? _lastSuccess;
    private (DateTimeOffset At, bool? Sound)? _verified;

    /// <summary>When the agent first saw the policy.</summary>
    public DateTimeOffset SeenAt => _seenAt = LimitToNow(_seenAt) ?? time.GetUtcNow();

    public long Succeeded { get; private set; }

    public long Failed { get; private set; }

    public int InFlight { get; private set; }

    public long? PlainBytes { get; private set; }

    public long? StoredBytes { get; private set; }

    public TimeSpan? Interval { get; set; }

    public DateTimeOffset? LastAttempt => LimitToNow(_lastAttempt);

    public bool? HasLastAttemptSucceeded { get; private set; }

    public DateTimeOffset? LastSuccess => LimitToNow(_lastSuccess);

    public DateTimeOffset? VerifiedAt => LimitToNow(_verified?.At);

    public bool? IsVerifiedSound => VerifiedAt is null ? null : _verified?.Sound;

    /// <summary>Failed backups by reason.</summary>
    public IEnumerable<KeyValuePair<string, long>> Failures => _failures;

    public void Started() => InFlight++;

    public void Finished(BackupObservation observation)
    {
        InFlight = Math.Max(0, InFlight - 1);
        PlainBytes = observation.PlainBytes ?? PlainBytes;
        StoredBytes = observation.StoredBytes ?? StoredBytes;
        _lastAttempt = observation.FinishedAt;
        HasLastAttemptSucceeded = observation.Succeeded;
        RecordSuccess(observation.Succeeded ? observation.FinishedAt : observation.GoodSnapshotAt);
        RecordVerification(observation.VerifiedAt, observation.VerifiedSound);
        if (observation.Succeeded)
        {
            Succeeded++;
            return;
        }

        Failed++;
        string reason = $"{observation.Reason ?? FailureReason.Unexpected}";
        _failures[reason] = _failures.GetValueOrDefault(reason) + 1;
    }

    /// <summary>Records a success. One that is older than a known success, or in the future, is ignored.</summary>
    public void RecordSuccess(DateTimeOffset? at)
    {
        if (LimitToNow(at) is not null && !(LastSuccess > at))
        {
            _lastSuccess = at;
        }
    }

    /// <summary>
    /// Records a deep verification. One that is older than a known verification, or in the future, is ignored.
    /// </summary>
    public void RecordVerification(DateTimeOffset? at, bool? sound)
    {
        if (at is { } verified && LimitToNow(at) is not null && !(VerifiedAt > at))
        {
            _verified = (verified, sound);
        }
    }

    /// <summary>
    /// Returns a time that is not ahead of the clock; null if it is ahead by more than clocks are allowed to differ.
    /// </summary>
    private DateTimeOffset? LimitToNow(DateTimeOffset? at)
    {
        DateTimeOffset now = time.GetUtcNow();
        return at is not { } known || ClockTolerance.IsFuture(known, now) ? null
            : known > now ? now
            : known;
    }
}
