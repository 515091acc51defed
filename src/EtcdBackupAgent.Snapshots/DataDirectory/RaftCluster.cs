using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// A cluster with the ids that etcd computes for it. The directory of each member is created separately, and all must
/// have the same ids.
/// </summary>
/// <remarks>
/// The id of a member is the first 8 bytes, big-endian, of the SHA-1 of its sorted peer URLs and the token. The id of
/// the cluster is the first 8 bytes of the SHA-1 of the member ids in ascending order, 8 bytes each, big-endian.
/// Source: <c>computeMemberId</c> and <c>genID</c> in etcd's <c>server/etcdserver/api/membership</c>.
/// </remarks>
internal sealed class RaftCluster
{
    public RaftCluster(InitialCluster cluster, string token)
    {
        Members = [.. cluster.Members
            .Select(member => new RaftMember(MemberId(member, token), member.Name, member.PeerUrls))
            .OrderBy(member => member.Id)];
        Id = ClusterId([.. Members.Select(member => member.Id)]);
    }

    public ulong Id { get; }

    /// <exception cref="InvalidOperationException">The plan has no token yet.</exception>
    public static RaftCluster Of(RestorePlan plan) =>
        new(plan.Cluster, plan.Token ?? throw new InvalidOperationException("The plan has no token yet."));

    /// <summary>
    /// The members in ascending order of their ids, the order in which etcd numbers the first entries of a log.
    /// </summary>
    public IReadOnlyList<RaftMember> Members { get; }

    /// <summary>Returns the id of a cluster that these members found.</summary>
    /// <param name="members">The ids of the members, in ascending order.</param>
    internal static ulong ClusterId(ReadOnlySpan<ulong> members)
    {
        byte[] ids = new byte[members.Length * sizeof(ulong)];
        for (int i = 0; i < members.Length; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(ids.AsSpan(i * sizeof(ulong)), members[i]);
        }

        return FirstBytes(ids);
    }

    /// <summary>Returns the id of a member that founds a cluster.</summary>
    /// <param name="peerUrls">Its peer URLs, sorted.</param>
    /// <param name="token">The token of the cluster.</param>
    internal static ulong MemberId(IEnumerable<string> peerUrls, string token) =>
        FirstBytes(Encoding.UTF8.GetBytes(string.Concat(peerUrls) + token));

    private static ulong MemberId(InitialMember member, string token) => MemberId(member.PeerUrls, token);

    [SuppressMessage(
        "Security", "CA5350", Justification = "etcd defines these ids, and security does not depend on them.")]
    private static ulong FirstBytes(byte[] text) => BinaryPrimitives.ReadUInt64BigEndian(SHA1.HashData(text));
}

/// <summary>One member with its id.</summary>
internal sealed record RaftMember(ulong Id, string Name, IReadOnlyList<string> PeerUrls)
{
    /// <summary>The id as etcd writes it: hexadecimal, lower case, without leading zeros.</summary>
    public string HexId { get; } = Id.ToString("x", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The JSON of the member in the log and in the bucket <c>members</c>.</summary>
    public string Json => $"{{\"id\":{Id},\"peerURLs\":{UrlsJson},\"name\":{GoJson.Quote(Name)}}}";

    /// <summary>The JSON of the member in the tree of the v2 store.</summary>
    public string RaftAttributesJson => $"{{\"peerURLs\":{UrlsJson}}}";

    private string UrlsJson => $"[{string.Join(',', PeerUrls.Select(GoJson.Quote))}]";
}
