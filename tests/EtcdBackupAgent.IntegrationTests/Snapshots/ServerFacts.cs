using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EtcdBackupAgent.Testing.Etcd;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>The data of a server, as it reports it.</summary>
internal sealed record ServerFacts
{
    public required long Revision { get; init; }

    /// <summary>A digest of every key with value, version, revisions and lease, as etcdctl prints them.</summary>
    public required string KeysDigest { get; init; }

    /// <summary>The number of keys.</summary>
    public required int Keys { get; init; }

    /// <summary>Each lease with its granted TTL and its keys.</summary>
    public required string Leases { get; init; }

    /// <summary>HashKV at the newest revision, with the compacted revision that it was computed with.</summary>
    public required string Hash { get; init; }

    public static async Task<ServerFacts> OfAsync(EtcdServer server)
    {
        using JsonDocument all = JsonDocument.Parse(await server.EtcdctlAsync("get", "", "--from-key", "-w", "json"));
        bool any = all.RootElement.TryGetProperty("kvs", out JsonElement kvs);
        return new ServerFacts
        {
            Revision = all.RootElement.GetProperty("header").GetProperty("revision").GetInt64(),
            KeysDigest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(any ? kvs.GetRawText() : ""))),
            Keys = any ? kvs.GetArrayLength() : 0,
            Leases = await LeasesAsync(server),
            Hash = await HashAsync(server),
        };
    }

    private static async Task<string> LeasesAsync(EtcdServer server)
    {
        using JsonDocument list = JsonDocument.Parse(await server.EtcdctlAsync("lease", "list", "-w", "json"));
        if (!list.RootElement.TryGetProperty("leases", out JsonElement leases))
        {
            return "";
        }

        StringBuilder text = new();
        foreach (long id in leases.EnumerateArray().Select(lease => lease.GetProperty("id").GetInt64()).Order())
        {
            using JsonDocument lease = JsonDocument.Parse(await server.EtcdctlAsync(
                "lease", "timetolive", id.ToString("x", CultureInfo.InvariantCulture), "--keys", "-w", "json"));
            text.Append(CultureInfo.InvariantCulture, $"{id:x} {lease.RootElement.GetProperty("granted-ttl")} ")
                .Append(CultureInfo.InvariantCulture, $"{lease.RootElement.GetProperty("keys").GetRawText()}\n");
        }

        return text.ToString();
    }

    private static async Task<string> HashAsync(EtcdServer server)
    {
        using JsonDocument hashes = JsonDocument.Parse(await server.EtcdctlAsync("endpoint", "hashkv", "-w", "json"));
        IEnumerable<string> distinct = hashes.RootElement.EnumerateArray()
            .Select(member => member.GetProperty("HashKV"))
            .Select(hash => $"{hash.GetProperty("hash")} compacted {hash.GetProperty("compact_revision")}")
            .Distinct(StringComparer.Ordinal);
        return string.Join(" and ", distinct);
    }
}
