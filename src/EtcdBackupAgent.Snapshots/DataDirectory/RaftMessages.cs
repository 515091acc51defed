using System.Globalization;
using EtcdBackupAgent.Snapshots.Encoded;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// The messages in the log and the snapshot of a new cluster. They record that the members were added one after another
/// in the first term, and that all entries are applied. Source: etcd's <c>raft/raftpb/raft.proto</c> and
/// <c>server/wal/walpb/record.proto</c>.
/// </summary>
internal static class RaftMessages
{
    /// <summary>The term of all entries.</summary>
    public const ulong Term = 1;

    private const ulong EntryConfigurationChange = 1;
    private const ulong AddNode = 0;

    /// <summary>Returns the metadata of the log: its member and its cluster.</summary>
    public static byte[] Metadata(ulong memberId, ulong clusterId) =>
        new ProtobufWriter().Number(1, memberId).Number(2, clusterId).ToArray();

    /// <summary>Returns the entry that adds a member.</summary>
    public static byte[] Entry(ulong index, RaftMember member)
    {
        ProtobufWriter change = new ProtobufWriter()
            .Number(1, 0)
            .Number(2, AddNode)
            .Number(3, member.Id)
            .Text(4, member.Json);
        return new ProtobufWriter()
            .Number(1, EntryConfigurationChange)
            .Number(2, Term)
            .Number(3, index)
            .Message(4, change)
            .ToArray();
    }

    /// <summary>Returns the state in which all entries are committed and the vote went to the first member.</summary>
    public static byte[] HardState(RaftCluster cluster) =>
        new ProtobufWriter()
            .Number(1, Term)
            .Number(2, cluster.Members[0].Id)
            .Number(3, (ulong)cluster.Members.Count)
            .ToArray();

    /// <summary>Returns the record of the snapshot before the first entry of the log.</summary>
    public static byte[] FirstMark() => new ProtobufWriter().Number(1, 0).Number(2, 0).ToArray();

    /// <summary>
    /// Returns the record of the snapshot after the last entry of the log. etcd 3.4 does not know the third field and
    /// ignores it.
    /// </summary>
    public static byte[] LastMark(RaftCluster cluster) => new ProtobufWriter()
        .Number(1, (ulong)cluster.Members.Count).Number(2, Term).Message(3, ConfigurationState(cluster)).ToArray();

    /// <summary>Returns the snapshot: the tree of the v2 store, and the configuration after the last entry.</summary>
    public static byte[] Snapshot(RaftCluster cluster, ReadOnlySpan<byte> store)
    {
        ProtobufWriter metadata = new ProtobufWriter()
            .Message(1, ConfigurationState(cluster))
            .Number(2, (ulong)cluster.Members.Count)
            .Number(3, Term);
        return new ProtobufWriter().Bytes(1, store).Message(2, metadata).ToArray();
    }

    /// <summary>Returns the configuration as stored in the bucket <c>meta</c>.</summary>
    public static string ConfigurationStateJson(RaftCluster cluster)
    {
        IEnumerable<string> voters = cluster.Members.Select(member => member.Id.ToString(CultureInfo.InvariantCulture));
        return $"{{\"voters\":[{string.Join(',', voters)}],\"auto_leave\":false}}";
    }

    private static ProtobufWriter ConfigurationState(RaftCluster cluster)
    {
        ProtobufWriter state = new();
        foreach (RaftMember member in cluster.Members)
        {
            state.Number(1, member.Id);
        }

        return state.Number(5, 0);
    }
}
