using System.Globalization;
using System.Text;
using System.Text.Json;
using EtcdBackupAgent.Testing.Etcd;

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>Writes and reads the content of a test's etcd: always the same, more than 1 MB, with all kinds of records
/// that etcd has.</summary>
internal static class EtcdContent
{
    private const int Seed = 2020;
    private const int BinaryValues = 5;
    private const int BinaryValueBytes = 300_000;
    private const int TextValues = 60;

    /// <summary>Below 1.5 MiB, the limit of etcd for one request.</summary>
    private const int NoiseValueBytes = 1_400_000;

    /// <summary>
    /// Writes 1. values of random bytes, 2. values of text in one transaction, 3. newer versions and deletions,
    /// 4. keys that expire with a lease.
    /// </summary>
    public static async Task WriteAsync(EtcdServer server)
    {
        // 1
        Random random = new(Seed);
        for (int i = 0; i < BinaryValues; i++)
        {
            byte[] value = new byte[BinaryValueBytes];
            random.NextBytes(value);
            await server.EtcdctlAsync(
                ["put", string.Create(CultureInfo.InvariantCulture, $"/registry/binary/{i}")],
                new MemoryStream(value));
        }

        // 2, 3
        await TransactAsync(server, Texts(TextValues, i => $"put /registry/text/{i} value-{random.Next()}"));
        await TransactAsync(server, Texts(TextValues / 3, i => $"put /registry/text/{i * 3} newer-{random.Next()}"));
        await TransactAsync(server, Texts(TextValues / 3, i => $"del /registry/text/{(i * 3) + 1}"));

        // 4
        string granted = await server.EtcdctlAsync("lease", "grant", "36000", "-w", "json");
        using JsonDocument lease = JsonDocument.Parse(granted);
        string id = lease.RootElement.GetProperty("ID").GetInt64().ToString("x", CultureInfo.InvariantCulture);
        await server.EtcdctlAsync("put", "/registry/leases/one", "leased", "--lease", id);
    }

    /// <summary>Writes at least the given number of incompressible bytes.</summary>
    public static async Task WriteNoiseAsync(EtcdServer server, long bytes)
    {
        Random random = new(Seed);
        byte[] value = new byte[NoiseValueBytes];
        for (long written = 0; written < bytes; written += value.Length)
        {
            random.NextBytes(value);
            await server.EtcdctlAsync(
                ["put", string.Create(CultureInfo.InvariantCulture, $"/registry/noise/{written}")],
                new MemoryStream(value));
        }
    }

    /// <summary>Returns the revision of the last write.</summary>
    public static async Task<long> RevisionAsync(EtcdServer server)
    {
        using JsonDocument response = JsonDocument.Parse(await server.EtcdctlAsync("get", "/", "-w", "json"));
        return response.RootElement.GetProperty("header").GetProperty("revision").GetInt64();
    }

    /// <summary>
    /// Returns a line for each key with its value, versions and lease. Equal contents give equal lines.
    /// </summary>
    public static async Task<string[]> ReadAsync(EtcdServer server)
    {
        using JsonDocument response = JsonDocument.Parse(
            await server.EtcdctlAsync("get", "", "--prefix", "-w", "json"));
        return
        [
            .. response.RootElement.GetProperty("kvs").EnumerateArray().Select(pair =>
                $"{Encoding.UTF8.GetString(pair.GetProperty("key").GetBytesFromBase64())}"
                + $" created {pair.GetProperty("create_revision")} modified {pair.GetProperty("mod_revision")}"
                + $" version {pair.GetProperty("version")}"
                + $" lease {(pair.TryGetProperty("lease", out JsonElement lease) ? lease.ToString() : "none")}"
                + $" value {pair.GetProperty("value").GetString()}"),
        ];
    }

    private static string Texts(int count, Func<int, string> line) =>
        string.Join('\n', Enumerable.Range(0, count).Select(line));

    /// <summary>
    /// etcdctl reads the comparisons, the requests on success and the requests on failure; an empty line ends each
    /// part.
    /// </summary>
    private static async Task TransactAsync(EtcdServer server, string requests) =>
        await server.EtcdctlAsync(["txn"], new MemoryStream(Encoding.UTF8.GetBytes($"\n{requests}\n\n\n")));
}
