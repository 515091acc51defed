using EtcdBackupAgent.Snapshots.Encoded;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// The two files next to the database: the state of raft, etcd's consensus protocol, for a new cluster.
/// </summary>
internal static class RaftFiles
{
    /// <summary>
    /// Returns the file <c>*.snap</c>: a snapshot and its checksum. Source: etcd's <c>snapshotter.go</c>.
    /// </summary>
    public static byte[] Snapshot(RaftCluster cluster)
    {
        byte[] snapshot = RaftMessages.Snapshot(cluster, StoreTree.Json(cluster));
        Crc32C checksum = default;
        checksum.Append(snapshot);
        return new ProtobufWriter().Number(1, checksum.Value).Bytes(2, snapshot).ToArray();
    }

    /// <summary>
    /// Returns the file <c>*.wal</c>, without the zeros after its last record. Source: <c>Create</c> and <c>Save</c> in
    /// etcd's <c>wal.go</c>.
    /// </summary>
    public static byte[] Log(RaftCluster cluster, ulong memberId)
    {
        WalFrames frames = new();
        frames.Add(WalRecord.Checksum, null);
        frames.Add(WalRecord.Metadata, RaftMessages.Metadata(memberId, cluster.Id));
        frames.Add(WalRecord.Snapshot, RaftMessages.FirstMark());
        for (int i = 0; i < cluster.Members.Count; i++)
        {
            frames.Add(WalRecord.Entry, RaftMessages.Entry((ulong)i + 1, cluster.Members[i]));
        }

        frames.Add(WalRecord.State, RaftMessages.HardState(cluster));
        frames.Add(WalRecord.Snapshot, RaftMessages.LastMark(cluster));
        return frames.ToArray();
    }
}
