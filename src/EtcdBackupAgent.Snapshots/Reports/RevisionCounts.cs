using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.Reports;

/// <summary>
/// Counts the records of a file, and the keys that exist at its last revision, without a table of all keys.
/// </summary>
/// <remarks>
/// After the compacted revision the history is complete: a key exists from its version 1 until its tombstone. Up to the
/// compacted revision each key that existed then has one record or, if the compaction is unfinished, one record that no
/// other record replaces.
/// </remarks>
internal sealed class RevisionCounts
{
    private readonly Compaction _compaction;
    private readonly Supersession? _superseded;

    private RevisionCounts(Compaction compaction, Supersession? superseded) =>
        (_compaction, _superseded) = (compaction, superseded);

    public long Revisions { get; private set; }

    public long Tombstones { get; private set; }

    public long LiveKeys { get; private set; }

    /// <summary>The main revision of the last record; that of an empty store is 1.</summary>
    public long HighestRevision { get; private set; } = 1;

    public PrefixTable Prefixes { get; } = new();

    /// <summary>Prepares counting.</summary>
    /// <exception cref="SnapshotDamagedException">A page is damaged.</exception>
    public static RevisionCounts Prepare(
        BoltDatabase database, Compaction compaction, int keysMax, CancellationToken cancellationToken) => new(
        compaction,
        compaction.IsUnfinished
            ? Supersession.Find(database, compaction.Scheduled, compaction.Scheduled, keysMax, cancellationToken)
            : null);

    /// <summary>Adds the next record that can be decoded. All records of the file must be added, in order.</summary>
    public void Add(in RevisionEntry entry)
    {
        Revisions++;
        HighestRevision = entry.Key.Main;
        if (entry.Key.IsTombstone)
        {
            Tombstones++;
        }

        int live = LiveKeysWith(entry);
        LiveKeys += live;
        if (!entry.IsBump)
        {
            Prefixes.Add(entry.Record.Key, live, entry.RawKey.Length + entry.RawValue.Length);
        }
    }

    private int LiveKeysWith(in RevisionEntry entry) => entry switch
    {
        _ when entry.Key.Main > _compaction.Revision => entry.Key.IsTombstone ? -1 : entry.Record.Version == 1 ? 1 : 0,
        { IsPut: true } => _superseded is null || !_superseded.Contains(entry) ? 1 : 0,
        _ => 0,
    };
}
