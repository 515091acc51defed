using System.Globalization;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Snapshots.Bolt;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// Creates the data directory of one member from a snapshot. An etcd that is started with it begins a new cluster with
/// the old data. See <c>docs/spec/data-directory.md</c>.
/// </summary>
public static class DataDirectoryWriter
{
    /// <summary>
    /// The initial length of the log's first file, most of it zeros. When it is full, etcd begins another file.
    /// </summary>
    public const long WalFileBytes = 64_000_000;

    /// <summary>The name of the log's only file.</summary>
    public static readonly string WalFileName = FormattableString.Invariant($"{0:x16}-{0:x16}.wal");

    /// <summary>
    /// Writes <c>member/snap/db</c>, the raft snapshot next to it, and the log in <c>member/wal</c> or another
    /// directory, and makes all of them durable.
    /// </summary>
    /// <param name="snapshot">The snapshot, open for random access.</param>
    /// <param name="databaseBytes">The size of the snapshot without etcd's trailer.</param>
    /// <param name="directory">
    /// An empty directory. The caller renames it afterwards. A failure leaves partial files.
    /// </param>
    /// <param name="walDirectory">
    /// The directory for the log's file, for an etcd that runs with <c>--wal-dir</c>; null for <c>member/wal</c>.
    /// </param>
    /// <param name="plan">The member and the cluster; the plan must have a token.</param>
    /// <param name="progress">
    /// Receives the number of copied bytes of the snapshot; the total is the size without free space.
    /// </param>
    /// <param name="cancellationToken">A cancelled call leaves partial files.</param>
    /// <exception cref="ArgumentException">The plan is not valid (<see cref="RestorePlan.Validate"/>).</exception>
    /// <exception cref="OldMemberException">
    /// A member would have an id that the snapshot's own cluster has used.
    /// </exception>
    /// <exception cref="SnapshotDamagedException">The snapshot is damaged, or is not an etcd database.</exception>
    /// <exception cref="IOException">The snapshot cannot be read, or the directory cannot be written.</exception>
    /// <remarks>
    /// 1. Check the plan, compute the ids, and check the snapshot's metas and its members.
    /// 2. Copy the database with the new members; this also defragments it.
    /// 3. Write the raft snapshot and the log. Both record that the members were added and that the database includes
    /// this.
    /// 4. Make all names durable, innermost first.
    /// </remarks>
    public static RestoreSummary Write(
        SafeFileHandle snapshot,
        long databaseBytes,
        string directory,
        string? walDirectory,
        RestorePlan plan,
        IProgress<long>? progress,
        CancellationToken cancellationToken)
    {
        // 1.
        plan.Validate();
        RaftCluster cluster = RaftCluster.Of(plan);
        RaftMember self = cluster.Members.First(member => member.Name == plan.Name);
        BoltDatabase source = BoltDatabase.Open(snapshot, databaseBytes);
        OldMembers.ThrowIfReused(source, cluster);

        // 2.
        string member = Path.Combine(directory, "member");
        string snap = Path.Combine(member, "snap");
        string wal = walDirectory ?? Path.Combine(member, "wal");
        foreach (string path in (string[])[member, snap, wal])
        {
            PrivateFiles.CreateDirectory(path);
        }

        (DatabaseCopySummary copy, long written) = WriteDatabase(
            source, Path.Combine(snap, "db"), cluster, plan, new CopyProgress(progress, cancellationToken));

        // 3.
        byte[] raftSnapshot = RaftFiles.Snapshot(cluster);
        string snapshotName = string.Create(
            CultureInfo.InvariantCulture, $"{RaftMessages.Term:x16}-{cluster.Members.Count:x16}.snap");
        PrivateFiles.Write(Path.Combine(snap, snapshotName), raftSnapshot, raftSnapshot.Length);
        byte[] log = RaftFiles.Log(cluster, self.Id);
        long logBytes = Math.Max(WalFileBytes, log.Length);
        PrivateFiles.Write(Path.Combine(wal, WalFileName), log, logBytes);

        // 4.
        foreach (string path in (string[])[snap, wal, member, directory])
        {
            DurableNames.SyncDirectory(path);
        }

        return new RestoreSummary
        {
            ClusterId = cluster.Id,
            MemberId = self.Id,
            MemberIds = [.. cluster.Members.Select(other => other.Id)],
            Token = plan.Token!,
            MembersReplaced = copy.MembersReplaced,
            RevisionBefore = copy.RevisionBefore,
            RevisionAfter = copy.RevisionAfter,
            DatabaseBytes = written,
            BytesWritten = written + raftSnapshot.Length + logBytes,
            Alarms = copy.Alarms,
            ClusterVersion = copy.ClusterVersion,
            StorageVersion = copy.StorageVersion,
        };
    }

    private static (DatabaseCopySummary Copy, long Bytes) WriteDatabase(
        BoltDatabase source, string path, RaftCluster cluster, RestorePlan plan, CopyProgress progress)
    {
        using FileStream file = PrivateFiles.Create(path);
        using BoltWriter target = new(file.SafeFileHandle, source.PageSizeBytes);
        DatabaseCopySummary copy = new DatabaseCopy(source, target, cluster, plan, progress).Run();
        return (copy, target.Finish(source.Meta.TransactionId + 1));
    }
}
