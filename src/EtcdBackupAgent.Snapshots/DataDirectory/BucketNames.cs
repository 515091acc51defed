using System.Text;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>Names of etcd's buckets and of what stands in them. Source: etcd's <c>server/mvcc/buckets/bucket.go</c>.</summary>
internal static class BucketNames
{
    /// <summary>Every revision of every key, in the order of the revisions.</summary>
    public const string Key = "key";

    public const string Alarm = "alarm";
    public const string Cluster = "cluster";
    public const string Members = "members";
    public const string MembersRemoved = "members_removed";
    public const string Meta = "meta";

    /// <summary>In <see cref="Cluster"/>.</summary>
    public const string ClusterVersion = "clusterVersion";

    /// <summary>In <see cref="Meta"/>, as the following: the last entry of the log that this database holds.</summary>
    public const string ConsistentIndex = "consistent_index";

    /// <summary>The term of that entry; since etcd 3.5.</summary>
    public const string Term = "term";

    /// <summary>Who votes; since etcd 3.5.</summary>
    public const string ConfigurationState = "confState";

    /// <summary>The revision that a compaction was begun for.</summary>
    public const string ScheduledCompactRevision = "scheduledCompactRev";

    /// <summary>The revision that a compaction was finished for.</summary>
    public const string FinishedCompactRevision = "finishedCompactRev";

    /// <summary>Since etcd 3.6.</summary>
    public const string StorageVersion = "storageVersion";

    public static byte[] Name(string name) => Encoding.ASCII.GetBytes(name);
}
