using System.Buffers.Binary;
using System.Text;
using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// Copies the buckets of a snapshot to a new database, element by element, and replaces the data of the old cluster.
/// </summary>
internal sealed class DatabaseCopy(
    BoltDatabase source, BoltWriter target, RaftCluster cluster, RestorePlan plan, CopyProgress progress)
{
    /// <summary>The buckets that are not copied unchanged. All others are, including unknown ones.</summary>
    private static readonly string[] Changed =
        [BucketNames.Key, BucketNames.Members, BucketNames.MembersRemoved, BucketNames.Meta, BucketNames.Alarm];

    private readonly List<RestoredAlarm> _alarms = [];
    private long _revisionBefore;
    private long _revisionAfter;

    /// <summary>Copies the database.</summary>
    /// <remarks>
    /// 1. Copy the unchanged buckets.
    /// 2. Copy <c>key</c>, followed by the record that raises the revision.
    /// 3. Write the new members; a new cluster has no removed members.
    /// 4. Copy <c>meta</c> with the applied index of the new log, and with the compaction for a raised revision.
    /// 5. Copy <c>alarm</c> last, when the size is known.
    /// </remarks>
    /// <exception cref="SnapshotDamagedException">The snapshot is damaged, or is not an etcd database.</exception>
    /// <exception cref="IOException">The new database cannot be written.</exception>
    public DatabaseCopySummary Run()
    {
        BoltCursor root = source.Root();
        for (bool more = root.MoveToFirst(); more; more = root.MoveNext())
        {
            ThrowIfNotBucket(root);
            if (!Changed.Any(name => root.Key.SequenceEqual(BucketNames.Name(name))))
            {
                target.BeginBucket(root.Key, root.BucketSequence);
                CopyElements(root.OpenBucket());
                target.EndBucket();
            }
        }

        CopyKeys();
        int replaced = Count(BucketNames.Members);
        WriteMembers();
        CopyMeta();
        CopyAlarms();
        return new DatabaseCopySummary
        {
            MembersReplaced = replaced,
            RevisionBefore = _revisionBefore,
            RevisionAfter = _revisionAfter,
            Alarms = _alarms,
            ClusterVersion = Text(BucketNames.Cluster, BucketNames.ClusterVersion),
            StorageVersion = Text(BucketNames.Meta, BucketNames.StorageVersion),
        };
    }

    private void CopyKeys()
    {
        BoltCursor cursor = Begin(BucketNames.Key)
            ?? throw new SnapshotDamagedException(
                $"The bucket '{BucketNames.Key}' does not exist: this is not an etcd database.");
        CopyElements(cursor);
        long highest = target.LastKey.IsEmpty ? 0 : RevisionBytes.Main(target.LastKey, BucketNames.Key);
        foreach (string name in (string[])[BucketNames.ScheduledCompactRevision, BucketNames.FinishedCompactRevision])
        {
            if (Value(BucketNames.Meta, name) is { } compacted)
            {
                highest = Math.Max(highest, RevisionBytes.Main(compacted, name));
            }
        }

        _revisionBefore = _revisionAfter = highest;
        if (plan.RevisionBump is { } bump)
        {
            _revisionAfter = highest <= long.MaxValue - bump
                ? highest + bump
                : throw new SnapshotDamagedException($"Revision {highest} cannot be raised by {bump}.");
            target.Add(RevisionBytes.Of(_revisionAfter), []);
        }

        target.EndBucket();
    }

    private void WriteMembers()
    {
        target.BeginBucket(BucketNames.Name(BucketNames.Members), 0);
        foreach (RaftMember member in cluster.Members.OrderBy(member => member.HexId, StringComparer.Ordinal))
        {
            target.Add(Encoding.ASCII.GetBytes(member.HexId), Encoding.UTF8.GetBytes(member.Json));
        }

        target.EndBucket();
        target.BeginBucket(BucketNames.Name(BucketNames.MembersRemoved), 0);
        target.EndBucket();
    }

    /// <summary>
    /// Copies <c>meta</c>. etcd 3.4 neither stores nor updates term and configuration here, so they are not added to a
    /// snapshot of it.
    /// </summary>
    private void CopyMeta()
    {
        SortedDictionary<string, byte[]> changes = new(StringComparer.Ordinal)
        {
            [BucketNames.ConsistentIndex] = BigEndian((ulong)cluster.Members.Count),
        };
        if (Value(BucketNames.Meta, BucketNames.Term) is not null)
        {
            changes[BucketNames.Term] = BigEndian(RaftMessages.Term);
        }

        if (Value(BucketNames.Meta, BucketNames.ConfigurationState) is not null)
        {
            changes[BucketNames.ConfigurationState] =
                Encoding.UTF8.GetBytes(RaftMessages.ConfigurationStateJson(cluster));
        }

        if (plan.RevisionBump is not null)
        {
            changes[BucketNames.ScheduledCompactRevision] = RevisionBytes.Of(_revisionAfter);
        }

        BoltCursor cursor = Begin(BucketNames.Meta)
            ?? throw new SnapshotDamagedException(
                $"The bucket '{BucketNames.Meta}' does not exist: this is not an etcd database.");
        bool more = cursor.MoveToFirst();
        foreach ((string name, byte[] value) in changes)
        {
            byte[] key = BucketNames.Name(name);
            for (; more && cursor.Key.SequenceCompareTo(key) < 0; more = cursor.MoveNext())
            {
                CopyElement(cursor);
            }

            target.Add(key, value);
            if (more && cursor.Key.SequenceEqual(key))
            {
                more = cursor.MoveNext();
            }
        }

        for (; more; more = cursor.MoveNext())
        {
            CopyElement(cursor);
        }

        target.EndBucket();
    }

    private void CopyAlarms()
    {
        if (Begin(BucketNames.Alarm) is not { } cursor)
        {
            return;
        }

        long size = target.SizeBytes;
        for (bool more = cursor.MoveToFirst(); more; more = cursor.MoveNext())
        {
            RestoredAlarm alarm = AlarmDecision.For(cursor.Key, size, plan.QuotaBackendBytes);
            _alarms.Add(alarm);
            if (alarm.Kept)
            {
                CopyElement(cursor);
            }
        }

        target.EndBucket();
    }

    /// <summary>
    /// Begins the bucket in the target and returns a cursor over it in the source. Returns null if it does not exist.
    /// </summary>
    private BoltCursor? Begin(string name)
    {
        BoltCursor root = source.Root();
        byte[] key = BucketNames.Name(name);
        if (!root.Seek(key) || !root.Key.SequenceEqual(key))
        {
            return null;
        }

        ThrowIfNotBucket(root);
        target.BeginBucket(key, root.BucketSequence);
        return root.OpenBucket();
    }

    private void CopyElements(BoltCursor cursor)
    {
        for (bool more = cursor.MoveToFirst(); more; more = cursor.MoveNext())
        {
            CopyElement(cursor);
        }
    }

    private void CopyElement(BoltCursor cursor)
    {
        ReadOnlySpan<byte> key = cursor.Key;
        ReadOnlySpan<byte> value = cursor.Value;
        if (cursor.IsBucket || key.IsEmpty)
        {
            throw new SnapshotDamagedException(
                $"page {cursor.PageId}: it has {(key.IsEmpty ? "an empty key" : "a bucket within a bucket")}, "
                + "which etcd never writes");
        }

        target.Add(key, value);
        progress.Add(BoltFormat.ElementHeaderBytes + key.Length + value.Length);
    }

    private int Count(string bucket)
    {
        int count = 0;
        if (source.Bucket(BucketNames.Name(bucket)) is { } cursor)
        {
            for (bool more = cursor.MoveToFirst(); more; more = cursor.MoveNext())
            {
                count++;
            }
        }

        return count;
    }

    private byte[]? Value(string bucket, string name)
    {
        byte[] key = BucketNames.Name(name);
        BoltCursor? cursor = source.Bucket(BucketNames.Name(bucket));
        return cursor is not null && cursor.Seek(key) && cursor.Key.SequenceEqual(key)
            ? cursor.Value.ToArray()
            : null;
    }

    private string? Text(string bucket, string name) =>
        Value(bucket, name) is { } value ? Encoding.UTF8.GetString(value) : null;

    private static void ThrowIfNotBucket(BoltCursor root)
    {
        if (!root.IsBucket || root.Key.IsEmpty)
        {
            throw new SnapshotDamagedException($"page {root.PageId}: an element of the root bucket is not a bucket");
        }
    }

    private static byte[] BigEndian(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }
}
