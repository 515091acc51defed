using System.Security.Cryptography;
using System.Text;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// The token of a restored cluster. It goes into the ids of all members and of the cluster, and members of two clusters
/// with the same id take each other for their own: those of the old cluster would write what they have over the
/// restored one.
/// </summary>
/// <remarks>
/// Derived as <c>docs/spec/data-directory.md</c> has it, section "The token": from all that must be the same on every
/// member, so that the members of one restore agree without a word, and directories that differ never become one
/// cluster.
/// </remarks>
public static class ClusterToken
{
    /// <summary>What etcd takes where no token is given: the token of nearly every cluster.</summary>
    public const string EtcdDefault = "etcd-cluster";

    private const string Prefix = "restored-";
    private const int DigestDigits = 16;
    private const int RandomDigits = 8;

    /// <summary>
    /// Whether a token is that of many clusters: etcd's default, or none, which k3s and Talos begin with.
    /// </summary>
    public static bool IsCommon(string token) => token is "" or EtcdDefault;

    /// <summary>
    /// The token for this plan. A cluster of one has nobody to agree with, so its token has a random part as well: the
    /// same snapshot may be restored twice, and the cluster of the first time may still run.
    /// </summary>
    /// <param name="databaseSha256">Of the snapshot's database, without etcd's trailer: what that trailer is.</param>
    /// <param name="plan">Which member of which cluster; its token does not count.</param>
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
