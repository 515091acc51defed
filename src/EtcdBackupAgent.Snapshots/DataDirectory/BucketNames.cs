using System.Text;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// The names of etcd's buckets and of their elements. Source: etcd's <c>server/mvcc/buckets/bucket.go</c>.
/// </summary>
internal static class BucketNames
{
    /// <summary>The bucket with every revision of every key, in the order of the revisions.</summary>
    public const string Key = "key";

    public const string Alarm = "alarm";
    public const string Cluster = "cluster";
    public const string Members = "members";
    public const string MembersRemoved = "members_removed";
    public const string Meta = "meta";

    /// <summary>The cluster version, in <see cref="Cluster"/>.</summary>
    public const string ClusterVersion = "clusterVersion";

    /// <summary>
    /// The last entry of the log that is applied to this database; in <see cref="Meta"/>, like the following names.
    /// </summary>
    public const string ConsistentIndex = "consistent_index";

    /// <summary>The term of the last applied entry; since etcd 3.5.</summary>
    public const string Term = "term";

    /// <summary>The voting members; since etcd 3.5.</summary>
    public const string ConfigurationState = "confState";

    /// <summary>The revision of the last compaction that was started.</summary>
    public const string ScheduledCompactRevision = "scheduledCompactRev";

    /// <summary>The revision of the last compaction that was finished.</summary>
    public const string FinishedCompactRevision = "finishedCompactRev";

    /// <summary>The storage version; since etcd 3.6.</summary>
    public const string StorageVersion = "storageVersion";

    public static byte[] Name(string name) => Encoding.ASCII.GetBytes(name);
}
