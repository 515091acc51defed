using System.Buffers.Binary;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Encoded;

namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>
/// The leases of a restored database: those of the base, and those of the log that records need besides. A key that
/// names a missing lease would never expire.
/// </summary>
internal sealed class LeaseMerge
{
    /// <summary>The time to live of a lease that was already gone, in seconds.</summary>
    private const long GoneTtlSeconds = 1;

    private readonly SortedDictionary<ulong, byte[]> _stored = [];
    private readonly Dictionary<long, LogLease> _log = [];
    private readonly HashSet<long> _needed = [];
    private ulong _sequence;

    private LeaseMerge()
    {
    }

    /// <summary>The number of leases that the base does not have.</summary>
    public long Added { get; private set; }

    /// <summary>The number of those that were already gone.</summary>
    public long Gone { get; private set; }

    /// <summary>Reads the leases of a base.</summary>
    /// <exception cref="SnapshotDamagedException">A page or a key is damaged.</exception>
    public static LeaseMerge Read(BoltDatabase database)
    {
        LeaseMerge merge = new();
        BoltCursor root = database.Root();
        if (!root.Seek(Names.Lease) || !root.Key.SequenceEqual(Names.Lease) || !root.IsBucket)
        {
            return merge;
        }

        merge._sequence = root.BucketSequence;
        BoltCursor cursor = root.OpenBucket();
        for (bool more = cursor.MoveToFirst(); more; more = cursor.MoveNext())
        {
            if (cursor.Key.Length != sizeof(ulong))
            {
                throw new SnapshotDamagedException("a key of the bucket 'lease' does not have 8 bytes");
            }

            merge._stored.Add(BinaryPrimitives.ReadUInt64BigEndian(cursor.Key), cursor.Value.ToArray());
        }

        return merge;
    }

    /// <summary>Says that a record names a lease; 0 for none.</summary>
    public void Require(long id)
    {
        if (id != 0)
        {
            _needed.Add(id);
        }
    }

    /// <summary>Adds a lease of the log. The first one that was not gone counts.</summary>
    public void Add(LogLease lease)
    {
        if (!_log.TryGetValue(lease.Id, out LogLease known) || (known.IsGone && !lease.IsGone))
        {
            _log[lease.Id] = lease;
        }
    }

    /// <summary>Writes the bucket.</summary>
    public void Write(BoltWriter writer)
    {
        foreach (long id in _needed.Where(id => !_stored.ContainsKey((ulong)id)))
        {
            LogLease lease = _log.GetValueOrDefault(id, new LogLease(id, GoneTtlSeconds, IsGone: true));
            Added++;
            Gone += lease.IsGone ? 1 : 0;
            _stored.Add((ulong)id, Encode(lease));
        }

        Span<byte> key = stackalloc byte[sizeof(ulong)];
        writer.BeginBucket(Names.Lease, _sequence);
        foreach ((ulong id, byte[] value) in _stored)
        {
            BinaryPrimitives.WriteUInt64BigEndian(key, id);
            writer.Add(key, value);
        }

        writer.EndBucket();
    }

    /// <summary>Returns <c>leasepb.Lease</c> as etcd writes it: ID = 1, TTL = 2, without zero fields.</summary>
    private static byte[] Encode(LogLease lease)
    {
        ProtobufWriter message = new ProtobufWriter().Number(1, (ulong)lease.Id);
        return (lease.TtlSeconds == 0 ? message : message.Number(2, (ulong)lease.TtlSeconds)).ToArray();
    }
}
