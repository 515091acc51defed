using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;

namespace EtcdBackupAgent.Observability.Metrics;

/// <summary>What has been measured of one policy. Null is what is not known, and is not shown.</summary>
/// <remarks>
/// No time that is shown lies ahead of the clock: an alert that subtracts it from the time now would never fire. A time
/// that lies too far ahead to be true is taken for unknown, also where the clock was set back since.
/// </remarks>
/// <param name="time">The clock.</param>
internal sealed class PolicyMeasures(TimeProvider time)
{
    private readonly SortedDictionary<string, long> _failures = new(StringComparer.Ordinal);
    private DateTimeOffset _seenAt = time.GetUtcNow();
    private DateTimeOffset? _lastAttempt;
    private DateTimeOffset? _lastSuccess;
    private (DateTimeOffset At, bool? Sound)? _verified;

    /// <summary>When the agent took the policy up.</summary>
    public DateTimeOffset SeenAt => _seenAt = Past(_seenAt) ?? time.GetUtcNow();

    public long Succeeded { get; private set; }

    public long Failed { get; private set; }

    public int InFlight { get; private set; }

    public long? PlainBytes { get; private set; }

    public long? StoredBytes { get; private set; }

    public TimeSpan? Interval { get; set; }

    public DateTimeOffset? LastAttempt => Past(_lastAttempt);

    public bool? LastSucceeded { get; private set; }

    public DateTimeOffset? LastSuccess => Past(_lastSuccess);

    public DateTimeOffset? VerifiedAt => Past(_verified?.At);

    public bool? VerifiedSound => VerifiedAt is null ? null : _verified?.Sound;

    /// <summary>Failed backups by reason.</summary>
    public IEnumerable<KeyValuePair<string, long>> Failures => _failures;

    public void Started() => InFlight++;

    public void Finished(BackupObservation observation)
    {
        InFlight = Math.Max(0, InFlight - 1);
        PlainBytes = observation.PlainBytes ?? PlainBytes;
        StoredBytes = observation.StoredBytes ?? StoredBytes;
        _lastAttempt = observation.FinishedAt;
        LastSucceeded = observation.Succeeded;
        SucceededAt(observation.Succeeded ? observation.FinishedAt : observation.GoodSnapshotAt);
        Verified(observation.VerifiedAt, observation.VerifiedSound);
        if (observation.Succeeded)
        {
            Succeeded++;
            return;
        }

        Failed++;
        string reason = $"{observation.Reason ?? FailureReason.Unexpected}";
        _failures[reason] = _failures.GetValueOrDefault(reason) + 1;
    }

    /// <summary>A success that is older than one already known, or in the future, changes nothing.</summary>
    public void SucceededAt(DateTimeOffset? at)
    {
        if (Past(at) is not null && !(LastSuccess > at))
        {
            _lastSuccess = at;
        }
    }

    /// <inheritdoc cref="SucceededAt"/>
    public void Verified(DateTimeOffset? at, bool? sound)
    {
        if (at is { } verified && Past(at) is not null && !(VerifiedAt > at))
        {
            _verified = (verified, sound);
        }
    }

    /// <summary>A time that is not ahead of the clock; null for one that is by more than clocks may differ.</summary>
    private DateTimeOffset? Past(DateTimeOffset? at)
    {
        DateTimeOffset now = time.GetUtcNow();
        return at is not { } known || ClockTolerance.IsFuture(known, now) ? null
            : known > now ? now
            : known;
    }
}
