using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Snapshots.Verification;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>Changes to an etcd and its HashKV, over the JSON gateway that it serves beside gRPC: thousands of calls in a minute.</summary>
/// <remarks>https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/: keys and values are base64, 64-bit numbers are texts.</remarks>
internal sealed class EtcdGateway(Uri endpoint) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = endpoint };
    private readonly EtcdClient _client = new(new EtcdConnection { Endpoints = [endpoint] }, endpoint, TimeProvider.System);

    /// <summary>The store's revision after the last change.</summary>
    public long Revision { get; private set; } = 1;

    public static JsonObject Put(string key, string value, long lease) => new()
    {
        ["requestPut"] = new JsonObject
        {
            ["key"] = Base64(key),
            ["value"] = Base64(value),
            ["lease"] = lease.ToString(CultureInfo.InvariantCulture),
        },
    };

    public static JsonObject Delete(string key) => new() { ["requestDeleteRange"] = new JsonObject { ["key"] = Base64(key) } };

    /// <summary>All keys from one on: with <c>\0</c>, all.</summary>
    public static JsonObject DeleteFrom(string key) => new()
    {
        ["requestDeleteRange"] = new JsonObject { ["key"] = Base64(key), ["range_end"] = Base64("\0") },
    };

    public Task ChangeAsync(params IEnumerable<JsonObject> operations) =>
        CallAsync("kv/txn", new JsonObject { ["success"] = new JsonArray([.. operations]) });

    public async Task<long> GrantLeaseAsync(long seconds) =>
        Number(await CallAsync("lease/grant", new JsonObject { ["TTL"] = seconds }), "ID");

    public Task RevokeLeaseAsync(long id) =>
        CallAsync("lease/revoke", new JsonObject { ["ID"] = id.ToString(CultureInfo.InvariantCulture) });

    /// <summary>Compacts, and waits until the records are removed if <paramref name="physical"/>.</summary>
    public Task CompactAsync(long revision, bool physical) => CallAsync(
        "kv/compaction", new JsonObject { ["revision"] = revision.ToString(CultureInfo.InvariantCulture), ["physical"] = physical });

    /// <summary>By gRPC: in the gateway the hash of the whole file has taken the path of this one.</summary>
    public async Task<HashKv> HashKvAsync(long revision)
    {
        HashKVResponse answer = await _client.HashKvAsync(revision, CancellationToken.None);
        return new HashKv
        {
            Revision = revision == 0 ? Revision : revision,
            Hash = answer.Hash,
            CompactRevision = answer.CompactRevision,
        };
    }

    /// <summary>How many keys exist.</summary>
    public async Task<long> CountAsync() => Number(
        await CallAsync(
            "kv/range",
            new JsonObject { ["key"] = Base64("\0"), ["range_end"] = Base64("\0"), ["count_only"] = true }),
        "count");

    public void Dispose()
    {
        _client.Dispose();
        _http.Dispose();
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static long Number(JsonObject answer, string name) =>
        answer[name] is { } value ? long.Parse(value.GetValue<string>(), CultureInfo.InvariantCulture) : 0;

    private async Task<JsonObject> CallAsync(string path, JsonObject request)
    {
        using HttpResponseMessage response = await _http.PostAsJsonAsync($"v3/{path}", request);
        string text = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"{path} {request.ToJsonString()} answered {(int)response.StatusCode}: {text}");
        }

        JsonObject answer = JsonNode.Parse(text)!.AsObject();
        if (answer["header"] is JsonObject header)
        {
            Revision = Math.Max(Revision, Number(header, "revision"));
        }

        return answer;
    }
}
