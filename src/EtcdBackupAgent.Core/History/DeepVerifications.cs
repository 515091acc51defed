using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Core.History;

/// <summary>Finds the last deep verification of snapshots.</summary>
public static class DeepVerifications
{
    /// <summary>
    /// Returns the last deep verification without those that are dated in the future; null if there is none.
    /// </summary>
    public static VerificationRecord? Newest(IEnumerable<Snapshot> snapshots, DateTimeOffset now) => snapshots
        .Select(s => s.Verification)
        .OfType<VerificationRecord>()
        .Where(record => !ClockTolerance.IsFuture(record.CompletedAt, now))
        .MaxBy(record => record.CompletedAt);
}
