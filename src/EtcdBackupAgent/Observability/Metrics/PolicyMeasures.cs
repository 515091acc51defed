using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Observability.Metrics;

/// <summary>What has been measured of one policy. Null is what is not known, and is not shown.</summary>
/// <param name="seenAt">When the agent took the policy up.</param>
internal sealed class PolicyMeasures(DateTimeOffset seenAt)
{
    private readonly SortedDictionary<string, long> _failures = new(StringComparer.Ordinal);

    public DateTimeOffset SeenAt { get; } = seenAt;

    public long Succeeded { get; private set; }

    public long Failed { get; private set; }

    public int InFlight { get; private set; }

    public long? PlainBytes { get; private set; }

    public long? StoredBytes { get; private set; }

    public TimeSpan? Interval { get; set; }

    public DateTimeOffset? LastAttempt { get; private set; }

    public bool? LastSucceeded { get; private set; }

    public DateTimeOffset? LastSuccess { get; private set; }

    public DateTimeOffset? VerifiedAt { get; private set; }

    public bool? VerifiedSound { get; private set; }

    /// <summary>Failed backups by reason.</summary>
    public IEnumerable<KeyValuePair<string, long>> Failures => _failures;

    public void Started() => InFlight++;

    public void Finished(BackupObservation observation)
    {
        InFlight = Math.Max(0, InFlight - 1);
        PlainBytes = observation.PlainBytes ?? PlainBytes;
        StoredBytes = observation.StoredBytes ?? StoredBytes;
        LastAttempt = observation.FinishedAt;
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

    /// <summary>A success that is older than one already known changes nothing.</summary>
    public void SucceededAt(DateTimeOffset? at)
    {
        if (at is not null && !(LastSuccess > at))
        {
            LastSuccess = at;
        }
    }

    /// <inheritdoc cref="SucceededAt"/>
    public void Verified(DateTimeOffset? at, bool? sound)
    {
        if (at is not null && !(VerifiedAt > at))
        {
            (VerifiedAt, VerifiedSound) = (at, sound);
        }
    }
}
