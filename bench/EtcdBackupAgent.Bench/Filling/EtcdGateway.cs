using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Bench.Filling;

/// <summary>The few calls that filling needs, over the JSON gateway that etcd serves beside gRPC.</summary>
/// <remarks>https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/: keys and values are base64.</remarks>
internal sealed class EtcdGateway : IDisposable
{
    private readonly HttpClient _http;

    public EtcdGateway(Uri endpoint, TlsFiles? tls)
    {
        SocketsHttpHandler handler = new();
        if (tls is not null)
        {
            handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key)];
            X509ChainPolicy policy = new()
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.ImportFromPemFile(tls.Authority);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        _http = new HttpClient(handler) { BaseAddress = endpoint };
    }

    /// <summary>Writes some keys in one transaction: at most 128, and 1.5 MB in all, by etcd's own limits.</summary>
    public async Task PutAsync(IEnumerable<(string Key, byte[] Value)> pairs, CancellationToken cancellationToken)
    {
        JsonArray puts = [];
        foreach ((string key, byte[] value) in pairs)
        {
            puts.Add(new JsonObject
            {
                ["requestPut"] = new JsonObject
                {
                    ["key"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(key)),
                    ["value"] = Convert.ToBase64String(value),
                },
            });
        }

        JsonObject request = new() { ["success"] = puts };
        using JsonDocument answer = await CallAsync("v3/kv/txn", request, cancellationToken);
    }

    /// <summary>The size of the database file, in bytes.</summary>
    public async Task<long> DatabaseBytesAsync(CancellationToken cancellationToken)
    {
        using JsonDocument answer = await CallAsync("v3/maintenance/status", [], cancellationToken);
        // 64-bit numbers are strings in protobuf's JSON.
        return long.Parse(answer.RootElement.GetProperty("dbSize").GetString()!, CultureInfo.InvariantCulture);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>One call, its request and answer as JSON.</summary>
    /// <exception cref="HttpRequestException">etcd refused; the message holds its answer.</exception>
    private async Task<JsonDocument> CallAsync(string path, JsonObject request, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _http.PostAsJsonAsync(path, request, cancellationToken);
        string text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? JsonDocument.Parse(text)
            : throw new HttpRequestException(
                $"{path} at {_http.BaseAddress} answered {(int)response.StatusCode}: {text}");
    }
}

/// <summary>PEM files of a client with a certificate.</summary>
internal sealed record TlsFiles(string Authority, string Certificate, string Key);
