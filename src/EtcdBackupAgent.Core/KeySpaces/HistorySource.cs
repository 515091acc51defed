using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Snapshots.KeySpaces;

namespace EtcdBackupAgent.Core.KeySpaces;

/// <summary>What one snapshot, or one part of a change log, knows about some keys.</summary>
internal sealed class HistorySource
{
    private readonly Dictionary<string, List<SourceRecord>> _records = new(StringComparer.Ordinal);

    /// <summary>How messages name it.</summary>
    public required string Name { get; init; }

    /// <summary>The cluster.</summary>
    public required EtcdId ClusterId { get; init; }

    /// <summary>When it was begun; sources are in this order.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Whether it is a part of a change log, which has no records from before its first revision.</summary>
    public required bool IsLog { get; init; }

    /// <summary>All revisions above this one are in it; of a snapshot also what its keys had at this one.</summary>
    public long Compacted { get; set; }

    /// <summary>The last revision.</summary>
    public long Last { get; set; }

    /// <summary>A revision that etcd had reached when the snapshot was begun; null for a change log.</summary>
    public long? RevisionAtStart { get; init; }

    /// <summary>When the snapshot was complete; null for a change log.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The keys that have records.</summary>
    public IEnumerable<string> Keys => _records.Keys;

    public void Add(SourceRecord record)
    {
        string key = TextOf(record.Record.Key.Span);
        if (!_records.TryGetValue(key, out List<SourceRecord>? records))
        {
            _records.Add(key, records = []);
        }

        // Segments of a path may overlap.
        if (records.Count == 0 || records[^1].Place.CompareTo(record.Place) < 0)
        {
            records.Add(record);
        }
    }

    /// <summary>The records of a key, by their revisions.</summary>
    public IReadOnlyList<SourceRecord> Of(string key) => _records.GetValueOrDefault(key, []);

    /// <summary>
    /// Whether a key does not exist at the end of the source, although the source would have it.
    /// </summary>
    public bool LacksAtEnd(string key) => Of(key) is var records
        && (records.Count > 0 ? records[^1].Record.IsDeletion : !IsLog);

    /// <summary>
    /// Whether both sources can be of one history: where both are complete, they have the same records; and the
    /// creation and the version of a record fit those of the other source.
    /// </summary>
    public bool Agrees(HistorySource other) =>
        ClusterId == other.ClusterId
        && Keys.Union(other.Keys, StringComparer.Ordinal).All(key =>
        {
            long from = Math.Max(CompleteFrom(key), other.CompleteFrom(key));
            long to = Math.Min(Last, other.Last);
            return Within(key, from, to).SequenceEqual(other.Within(key, from, to))
                && Continues(key, other)
                && other.Continues(key, this);
        });

    /// <summary>A key as a text of its bytes.</summary>
    public static string TextOf(ReadOnlySpan<byte> key) => Convert.ToHexString(key);

    /// <summary>
    /// Whether each record, which has the revision of its creation and its number since then, continues the last one
    /// before it that another source has.
    /// </summary>
    private bool Continues(string key, HistorySource other)
    {
        IReadOnlyList<SourceRecord> others = other.Of(key);
        int next = 0;
        foreach (KeyRecord record in Of(key).Select(one => one.Record))
        {
            while (next < others.Count && others[next].Record.Revision < record.Revision)
            {
                next++;
            }

            if (next > 0 && !record.IsDeletion
                && others[next - 1].Record is var before && before.Revision >= record.CreateRevision
                && (before.CreateRevision != record.CreateRevision || before.Version >= record.Version))
            {
                return false;
            }
        }

        return true;
    }

    private IEnumerable<(long, long, bool, ValuePlace)> Within(string key, long from, long to) => Of(key)
        .Where(record => record.Record.Revision >= from && record.Record.Revision <= to)
        .Select(record => (record.Record.Revision, record.Record.Sub, record.Record.IsDeletion, record.Value));

    /// <summary>
    /// The first revision from which no record of the key is missing: that of the record that a compaction kept.
    /// </summary>
    private long CompleteFrom(string key) =>
        Of(key).LastOrDefault(record => record.Record.Revision <= Compacted)?.Record.Revision ?? Compacted + 1;
}

/// <summary>A record of a source. Its value is in the spool.</summary>
/// <param name="Record">The record, without its value.</param>
/// <param name="Value">Where the value is. Equal values have equal places.</param>
/// <param name="NotBefore">It was written after this time, as far as the source knows.</param>
/// <param name="NotAfter">It was written before this time, as far as the source knows.</param>
internal sealed record SourceRecord(
    KeyRecord Record, ValuePlace Value, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter)
{
    public (long Revision, long Sub) Place => (Record.Revision, Record.Sub);
}
