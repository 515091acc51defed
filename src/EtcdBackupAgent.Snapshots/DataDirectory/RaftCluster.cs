using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// A cluster with the ids that etcd computes for it: every member's directory is made on its own, and all must agree.
/// </summary>
/// <remarks>
/// A member's id is the first 8 bytes, big-endian, of the SHA-1 over its sorted peer URLs and the token; the cluster's is that of the
/// SHA-1 over the members' ids in ascending order, 8 bytes each, big-endian. Source: <c>computeMemberId</c> and <c>genID</c> in etcd's
/// <c>server/etcdserver/api/membership</c>.
/// </remarks>
internal sealed class RaftCluster
{
    public RaftCluster(InitialCluster cluster, string token)
    {
        Members = [.. cluster.Members
            .Select(member => new RaftMember(MemberId(member, token), member.Name, member.PeerUrls))
            .OrderBy(member => member.Id)];
        byte[] ids = new byte[Members.Count * sizeof(ulong)];
        for (int i = 0; i < Members.Count; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(ids.AsSpan(i * sizeof(ulong)), Members[i].Id);
        }

        Id = FirstBytes(ids);
    }

    public ulong Id { get; }

    /// <exception cref="InvalidOperationException">The plan has no token yet.</exception>
    public static RaftCluster Of(RestorePlan plan) =>
        new(plan.Cluster, plan.Token ?? throw new InvalidOperationException("The plan has no token yet."));

    /// <summary>In ascending order of their ids, as etcd numbers the entries of its first log.</summary>
    public IReadOnlyList<RaftMember> Members { get; }

    private static ulong MemberId(InitialMember member, string token) =>
        FirstBytes(Encoding.UTF8.GetBytes(string.Concat(member.PeerUrls) + token));

    [SuppressMessage("Security", "CA5350", Justification = "The ids are etcd's, and nothing relies on them being hard to forge.")]
    private static ulong FirstBytes(byte[] text) => BinaryPrimitives.ReadUInt64BigEndian(SHA1.HashData(text));
}

/// <summary>One member with its id.</summary>
internal sealed record RaftMember(ulong Id, string Name, IReadOnlyList<string> PeerUrls)
{
    /// <summary>The id as etcd writes it: hexadecimal, lower case, without leading zeros.</summary>
    public string HexId { get; } = Id.ToString("x", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What stands in the log and in the bucket <c>members</c>.</summary>
    public string Json => $"{{\"id\":{Id},\"peerURLs\":{UrlsJson},\"name\":{GoJson.Quote(Name)}}}";

    /// <summary>What stands in the tree of the old store.</summary>
    public string RaftAttributesJson => $"{{\"peerURLs\":{UrlsJson}}}";

    private string UrlsJson => $"[{string.Join(',', PeerUrls.Select(GoJson.Quote))}]";
}
