using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.History;

namespace EtcdBackupAgent.Tests.Core.History;

/// <summary>Snapshots and restore notes for a history.</summary>
internal static class Histories
{
    public const string PolicyUid = "0b6e36f8-6d4b-4f36-a2b1-0d4f0f1f2a3b";

    public static Snapshot At(
        int day,
        ulong cluster = 0xa,
        long revision = 4711,
        string policy = "nightly",
        bool future = false,
        string? uid = null)
    {
        Snapshot snapshot = SampleSnapshots.Create(
            SampleSnapshots.NewYear.AddDays(day), policy, cluster, revision: revision, future: future);
        return uid is null
            ? snapshot
            : snapshot with
            {
                Manifest = snapshot.Manifest with
                {
                    Labels = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        [SnapshotManifest.PolicyUidLabel] = uid,
                    },
                },
            };
    }

    public static Snapshot WithTerm(Snapshot snapshot, ulong term) => snapshot with
    {
        Manifest = snapshot.Manifest with { Etcd = snapshot.Manifest.Etcd! with { RaftTerm = term } },
    };

    /// <summary>Returns whether two neighbours of one cluster are in the order of etcd's counters.</summary>
    public static bool Rises(Snapshot earlier, Snapshot later) =>
        (earlier.Manifest.Revision, earlier.Manifest.Etcd!.RaftTerm)
            .CompareTo((later.Manifest.Revision, later.Manifest.Etcd!.RaftTerm)) <= 0;

    /// <summary>
    /// Returns a note that the newer cluster was restored from a snapshot of the older one, by default from one that no
    /// longer exists.
    /// </summary>
    public static RestoreNote Note(ulong older, ulong newer, Snapshot? from = null) => new()
    {
        FormatVersion = 1,
        ClusterId = new EtcdId(newer),
        PreviousClusterId = new EtcdId(older),
        SnapshotId = from?.Id ?? SnapshotId.New(),
        NotedAt = SampleSnapshots.NewYear,
        AgentVersion = "1.2.3",
    };
}
