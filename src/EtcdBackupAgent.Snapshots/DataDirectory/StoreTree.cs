using System.Globalization;
using System.Text;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// The tree of etcd's v2 store, from which etcd up to 3.5 reads the cluster's members when it starts. The bytes are
/// those that <c>etcdutl</c> writes. Source: <c>server/etcdserver/api/v2store</c> (<c>store.go</c>, <c>node.go</c>,
/// <c>event_queue.go</c>).
/// </summary>
internal static class StoreTree
{
    /// <summary>The number of events in the history of the store; unused events are null.</summary>
    private const int HistoryEventsMax = 1000;

    public static byte[] Json(RaftCluster cluster)
    {
        IReadOnlyList<RaftMember> members = cluster.Members;

        // Children are sorted by their names as text, not by the numbers in the names.
        IEnumerable<(string Name, string Node)> nodes = members
            .Select((member, index) => (member.HexId, MemberNode(member, index + 1)))
            .OrderBy(node => node.HexId, StringComparer.Ordinal);
        string zero = Node("/0", 0, "", [("members", Node("/0/members", 1, "", nodes))]);
        string root = Node("/", 0, "", [("0", zero), ("1", Node("/1", 0, "", []))]);

        IEnumerable<string> events = members.Select((member, index) => Event(member, index + 1))
            .Concat(Enumerable.Repeat("null", Math.Max(0, HistoryEventsMax - members.Count)));
        string history = Invariant(
            $"{{\"Queue\":{{\"Events\":[{string.Join(',', events)}],\"Size\":{members.Count},")
            + Invariant($"\"Front\":0,\"Back\":{members.Count},")
            + Invariant($"\"Capacity\":{HistoryEventsMax}}},\"StartIndex\":1,\"LastIndex\":{members.Count}}}");
        return Encoding.UTF8.GetBytes(
            $"{{\"Root\":{root},\"WatcherHub\":{{\"EventHistory\":{history}}},"
            + Invariant($"\"CurrentIndex\":{members.Count},\"Stats\":{Statistics(members.Count)},")
            + "\"CurrentVersion\":2}");
    }

    private static string MemberNode(RaftMember member, int index)
    {
        string path = $"/0/members/{member.HexId}";
        string attributes = Node($"{path}/raftAttributes", index, member.RaftAttributesJson, null);
        return Node(path, index, "", [("raftAttributes", attributes)]);
    }

    private static string Event(RaftMember member, int index) => Invariant(
        $"{{\"action\":\"create\",\"node\":{{\"key\":\"/0/members/{member.HexId}/raftAttributes\",")
        + Invariant($"\"value\":{GoJson.Quote(member.RaftAttributesJson)},")
        + Invariant($"\"modifiedIndex\":{index},\"createdIndex\":{index}}}}}");

    /// <summary>Returns the JSON of a node.</summary>
    /// <param name="path">The path from the root.</param>
    /// <param name="index">The index at which the node was created.</param>
    /// <param name="value">The value; empty for a directory.</param>
    /// <param name="children">The children; null for a node with a value.</param>
    private static string Node(string path, int index, string value, IEnumerable<(string Name, string Node)>? children)
    {
        string inside = children is null
            ? "null"
            : $"{{{string.Join(',', children.Select(child => $"\"{child.Name}\":{child.Node}"))}}}";
        return Invariant($"{{\"Path\":\"{path}\",\"CreatedIndex\":{index},\"ModifiedIndex\":{index},")
            + $"\"ExpireTime\":\"0001-01-01T00:00:00Z\",\"Value\":{GoJson.Quote(value)},\"Children\":{inside}}}";
    }

    private static string Statistics(int created) => Invariant(
        $"{{\"getsSuccess\":0,\"getsFail\":0,\"setsSuccess\":0,\"setsFail\":0,\"deleteSuccess\":0,\"deleteFail\":0,")
        + Invariant($"\"updateSuccess\":0,\"updateFail\":0,\"createSuccess\":{created},\"createFail\":0,")
        + "\"compareAndSwapSuccess\":0,\"compareAndSwapFail\":0,"
        + "\"compareAndDeleteSuccess\":0,\"compareAndDeleteFail\":0,"
        + "\"expireCount\":0,\"watchers\":0}";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
