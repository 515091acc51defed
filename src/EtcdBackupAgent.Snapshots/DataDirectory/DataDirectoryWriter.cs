using System.Globalization;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Snapshots.Bolt;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// Makes the data directory of one member out of a snapshot, so that an etcd that is started on it begins a new cluster with the old
/// data. See <c>docs/spec/data-directory.md</c>.
/// </summary>
public static class DataDirectoryWriter
{
    /// <summary>A log's first file has this length from the beginning, most of it zeros; etcd begins another one after that.</summary>
    public const long WalFileBytes = 64_000_000;

    /// <summary>The log's only file.</summary>
    public static readonly string WalFileName = FormattableString.Invariant($"{0:x16}-{0:x16}.wal");

    /// <summary>
    /// Writes <c>member/snap/db</c>, the raft snapshot beside it, and <c>member/wal</c> or what is in it, all of it
    /// durable.
    /// </summary>
    /// <param name="snapshot">The snapshot, open for random access.</param>
    /// <param name="databaseBytes">Its size without etcd's trailer.</param>
    /// <param name="directory">An empty directory of the caller, who gives it its final name afterwards. What fails leaves parts.</param>
    /// <param name="walDirectory">
    /// A directory of the caller that gets the log's file, for an etcd that runs with <c>--wal-dir</c>; null for
    /// <c>member/wal</c>.
    /// </param>
    /// <param name="plan">Which member of which cluster it is for; with a token.</param>
    /// <param name="progress">Told how many bytes of the snapshot are copied; their sum is the size less free space.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">The plan does not fit together (<see cref="RestorePlan.Validate"/>).</exception>
    /// <exception cref="OldMemberException">
    /// A member would have an id that the snapshot's own cluster has given out.
    /// </exception>
    /// <exception cref="SnapshotDamagedException">The snapshot is damaged, or not of etcd.</exception>
    /// <exception cref="IOException">The snapshot cannot be read, or the directory not be written.</exception>
    /// <remarks>
    /// 1. Check the plan, compute the ids, look at the snapshot's metas and at the members that it has.
    /// 2. The database: a copy with the new members, defragmented on the way.
    /// 3. The raft snapshot and the log, which both say that the members were added and that the database holds that.
    /// 4. Make all names durable, from the innermost out.
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
        OldMembers.RequireNone(source, cluster);

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
            MemberIds = [.. cluster.Members.Select(one => one.Id)],
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
