using System.Text.Json;
using EtcdBackupAgent.Testing.Etcd;

namespace EtcdBackupAgent.IntegrationTests.Objects;

/// <summary>A key of etcd as stock etcdctl shows it.</summary>
internal sealed record StoredKey(byte[] Key, byte[] Value, long ModRevision)
{
    /// <summary>Returns all keys with a prefix.</summary>
    public static async Task<IReadOnlyList<StoredKey>> ListAsync(EtcdServer etcd, string prefix)
    {
        using JsonDocument all = JsonDocument.Parse(await etcd.EtcdctlAsync("get", prefix, "--prefix", "-w", "json"));
        return
        [
            .. all.RootElement.GetProperty("kvs").EnumerateArray().Select(entry => new StoredKey(
                entry.GetProperty("key").GetBytesFromBase64(),
                entry.GetProperty("value").GetBytesFromBase64(),
                entry.GetProperty("mod_revision").GetInt64())),
        ];
    }
}
