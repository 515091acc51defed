using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Core.History;

/// <summary>When snapshots were last verified deeply.</summary>
public static class DeepVerifications
{
    /// <summary>The last one, dates in the future left out; null if there is none.</summary>
    public static VerificationRecord? Newest(IEnumerable<Snapshot> snapshots, DateTimeOffset now) => snapshots
        .Select(s => s.Verification)
        .OfType<VerificationRecord>()
        .Where(record => !ClockTolerance.IsFuture(record.CompletedAt, now))
        .MaxBy(record => record.CompletedAt);
}
