using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Testing.Etcd;

namespace EtcdBackupAgent.Bench.Large;

/// <summary>What is in an etcd at a revision: how many keys, and etcd's own hash of all that is in them.</summary>
internal sealed record KeySpace(long Revision, long Keys, long Hash)
{
    /// <summary>
    /// etcd's client gives up after five seconds unless it is told otherwise; a large database takes longer.
    /// </summary>
    private const string Patience = "--command-timeout=50s";

    /// <param name="etcd">Whom to ask.</param>
    /// <param name="revision">0 for the newest.</param>
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
        // The count is that of the whole range, whatever the limit.
        JsonNode keys = JsonNode.Parse(
            await etcd.EtcdctlAsync("get", "", "--from-key", "--keys-only", "--limit=1", "--write-out=json", Patience)
        )!;
        return new KeySpace(
            revision == 0 ? (long)hash["header"]!["revision"]! : revision, (long)keys["count"]!, (long)hash["hash"]!);
    }
}
