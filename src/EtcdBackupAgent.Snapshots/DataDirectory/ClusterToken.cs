using System.Security.Cryptography;
using System.Text;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// The token of a restored cluster. The ids of all members and of the cluster depend on it. Members of two clusters
/// with the same id treat each other as members of one cluster: those of the old cluster would overwrite the data of
/// the restored one.
/// </summary>
/// <remarks>
/// The derivation is specified in <c>docs/spec/data-directory.md</c>, section "The token". It uses everything that must
/// be the same on every member. So the members of one restore get the same token without communicating, and different
/// data directories never form one cluster.
/// </remarks>
public static class ClusterToken
{
    /// <summary>The token that etcd uses if none is given. Nearly every cluster has it.</summary>
    public const string EtcdDefault = "etcd-cluster";

    private const string Prefix = "restored-";
    private const int DigestDigits = 16;
    private const int RandomDigits = 8;

    /// <summary>Whether many clusters have this token: etcd's default, or an empty token as in k3s and Talos.</summary>
    public static bool IsCommon(string token) => token is "" or EtcdDefault;

    /// <summary>
    /// Derives the token for a plan. A cluster of one member also gets a random part, because no other member must
    /// derive the same token: the same snapshot may be restored twice while the first restored cluster still runs.
    /// </summary>
    /// <param name="databaseSha256">
    /// The SHA-256 of the snapshot's database without etcd's trailer, that is the content of the trailer.
    /// </param>
    /// <param name="plan">The plan. Its token is ignored.</param>
    public static string Derive(ReadOnlySpan<byte> databaseSha256, RestorePlan plan)
    {
        string common = FormattableString.Invariant(
            $"{Convert.ToHexStringLower(databaseSha256)}\n{plan.RevisionBump ?? 0}\n{plan.QuotaBackendBytes}\n");
        string digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(common)));
        string random = plan.Cluster.Members.Count > 1
            ? ""
            : $"-{RandomNumberGenerator.GetHexString(RandomDigits, lowercase: true)}";
        return $"{Prefix}{digest[..DigestDigits]}{random}";
    }
}
