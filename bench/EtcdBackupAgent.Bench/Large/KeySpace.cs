using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Testing.Etcd;

namespace EtcdBackupAgent.Bench.Large;

/// <summary>The content of an etcd at a revision: the number of keys, and etcd's hash of them.</summary>
internal sealed record KeySpace(long Revision, long Keys, long Hash)
{
    /// <summary>
    /// The default timeout of etcdctl is five seconds, but a large database needs longer.
    /// </summary>
    private const string Patience = "--command-timeout=50s";

    /// <param name="etcd">The server.</param>
    /// <param name="revision">The revision; 0 for the newest.</param>
    public static async Task<KeySpace> OfAsync(EtcdServer etcd, long revision = 0)
    {
        JsonNode hash = JsonNode.Parse(
            await etcd.EtcdctlAsync(
                "endpoint",
                "hashkv",
                "--rev",
                revision.ToString(CultureInfo.InvariantCulture),
                "--write-out=json",
                Patience))![0]!["HashKV"]!;
        // The count covers the whole range, independent of the limit.
        JsonNode keys = JsonNode.Parse(
            await etcd.EtcdctlAsync("get", "", "--from-key", "--keys-only", "--limit=1", "--write-out=json", Patience)
        )!;
        return new KeySpace(
            revision == 0 ? (long)hash["header"]!["revision"]! : revision, (long)keys["count"]!, (long)hash["hash"]!);
    }
}
