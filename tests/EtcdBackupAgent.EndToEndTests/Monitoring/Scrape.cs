using System.Globalization;
using System.Net;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.EndToEndTests.Monitoring;

/// <summary>Requests metrics and probes an agent, as Prometheus and a kubelet do.</summary>
internal sealed class Scrape : IDisposable
{
    private readonly HttpClient _client;

    public Scrape()
    {
        Address = $"127.0.0.1:{FreePort.Take()}";
        _client = new HttpClient { BaseAddress = new Uri($"http://{Address}") };
    }

    /// <summary>The value for <c>--listen</c>.</summary>
    public string Address { get; }

    public Task<string> MetricsAsync() => _client.GetStringAsync(new Uri("/metrics", UriKind.Relative));

    public async Task<HttpStatusCode> ProbeAsync(string path)
    {
        using HttpResponseMessage response = await _client.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode;
    }

    /// <summary>The value of a series; null if there is none.</summary>
    public async Task<double?> ValueAsync(string series) =>
        (await MetricsAsync()).Split('\n')
            .Where(line => line.StartsWith($"{series} ", StringComparison.Ordinal))
            .Select(line => double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture))
            .Cast<double?>()
            .SingleOrDefault();

    /// <summary>Waits until a series has a value.</summary>
    public Task UntilAsync(PeerProcess agent, string series, double value) =>
        agent.UntilReadyAsync(async () => await ValueAsync(series) is { } now && now.CompareTo(value) == 0);

    public void Dispose() => _client.Dispose();
}
