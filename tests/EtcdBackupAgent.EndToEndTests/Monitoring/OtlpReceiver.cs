using System.Collections.Concurrent;
using System.Net;
using System.Text;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.EndToEndTests.Monitoring;

/// <summary>
/// An OpenTelemetry collector as far as http/protobuf goes: it accepts every request. The names in a protobuf message
/// are plain UTF-8, which is enough to see what arrived.
/// </summary>
internal sealed class OtlpReceiver : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<(string Path, string Body)> _received = new();

    public OtlpReceiver()
    {
        Endpoint = $"http://127.0.0.1:{FreePort.Take()}";
        _listener.Prefixes.Add($"{Endpoint}/");
        _listener.Start();
        _ = ReceiveAsync();
    }

    public string Endpoint { get; }

    /// <summary>The environment of an agent that exports here.</summary>
    public IReadOnlyDictionary<string, string?> Environment => Variables(Endpoint);

    public static IReadOnlyDictionary<string, string?> Variables(string endpoint) =>
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
        };

    /// <summary>Whether a request to this path contained the text.</summary>
    public bool Has(string path, string text) =>
        _received.Any(request => request.Path == path && request.Body.Contains(text, StringComparison.Ordinal));

    public void Dispose() => _listener.Close();

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                using StreamReader body = new(context.Request.InputStream, Encoding.Latin1);
                _received.Enqueue((context.Request.Url!.AbsolutePath, await body.ReadToEndAsync()));
                context.Response.ContentType = "application/x-protobuf";
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }
}
