using System.Net;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Observability;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Time;
using EtcdBackupAgent.Tests.Worker;
using Xunit;

namespace EtcdBackupAgent.Tests.Observability;

public sealed class MonitoringEndpointTests : IAsyncLifetime, IDisposable
{
    private readonly MeasuredAgent _agent = new();
    private readonly RecordedLog _log = new();
    private readonly ManualTime _clock = new(DateTimeOffset.UnixEpoch);
    private readonly AgentHealth _health;
    private readonly MonitoringEndpoint _endpoint;
    private readonly IPEndPoint _address = new(IPAddress.Loopback, FreePort.Take());
    private readonly HttpClient _client;

    public MonitoringEndpointTests()
    {
        _health = new AgentHealth(_clock, TimeSpan.FromMinutes(1));
        _endpoint = new MonitoringEndpoint(_address, _agent.Metrics, _health, _log);
        _client = new HttpClient { BaseAddress = new Uri($"http://{_address}") };
    }

    public Task InitializeAsync() => _endpoint.StartAsync(CancellationToken.None);

    public async Task DisposeAsync()
    {
        await _endpoint.StopAsync(CancellationToken.None);
        await _endpoint.DisposeAsync();
    }

    public void Dispose()
    {
        _client.Dispose();
        _log.Dispose();
        _agent.Dispose();
    }

    [Fact]
    public async Task Metrics_are_served_in_the_Prometheus_format()
    {
        _agent.Metrics.BackupFinished(_agent.Success("nightly"));

        using HttpResponseMessage response = await _client.GetAsync(new Uri("/metrics", UriKind.Relative));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        string text = await response.Content.ReadAsStringAsync();
        Assert.Contains("\nkubedr_num_backups{policyName=\"nightly\"} 1\n", text, StringComparison.Ordinal);

        _agent.Metrics.PolicyDeleted("nightly");
        text = await _client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.DoesNotContain("nightly", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probes_report_liveness_and_readiness()
    {
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await GetAsync("/healthz"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "starting\n"), await GetAsync("/readyz"));

        _health.SetReady("resources", holds: true);
        _clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync("/healthz")).Status);
        Assert.Equal((HttpStatusCode.OK, "resources: ok\n"), await GetAsync("/readyz"));
    }

    [Fact]
    public async Task Other_paths_and_methods_are_refused()
    {
        Assert.Equal((HttpStatusCode.NotFound, "The paths are /metrics, /healthz and /readyz.\n"), await GetAsync("/"));
        using HttpResponseMessage post = await _client.PostAsync(new Uri("/metrics", UriKind.Relative), content: null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
    }

    [Fact]
    public async Task A_port_in_use_is_reported()
    {
        await using MonitoringEndpoint second = new(_address, _agent.Metrics, _health, _log);

        BackupException refused =
            await Assert.ThrowsAsync<BackupException>(() => second.StartAsync(CancellationToken.None));

        Assert.Equal(FailureReason.InvalidInput, refused.Reason);
        Assert.Equal($"--listen {_address} cannot be used: Address already in use.", refused.Message);
    }

    private async Task<(HttpStatusCode Status, string Text)> GetAsync(string path)
    {
        using HttpResponseMessage response = await _client.GetAsync(new Uri(path, UriKind.Relative));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
