using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.EndToEndTests.Worker;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Monitoring;

/// <summary>What a collector receives, and what a backup does if the collector does not respond.</summary>
public sealed class OtlpTests
{
    private const string Traces = "/v1/traces";
    private const string Metrics = "/v1/metrics";
    private const string Warning = "warning: Traces and metrics cannot be exported to";

    /// <summary>A backup of the shared etcd and the flush take far less than this.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(45);

    [Fact]
    public async Task A_worker_exports_metrics_while_it_runs_and_the_spans_of_each_backup()
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        using OtlpReceiver collector = new();
        scene.WritePolicy("nightly", new PolicyText());
        await using PeerProcess worker = scene.Start(collector.Environment);

        await worker.UntilReadyAsync(() => Task.FromResult(
            collector.Has(Metrics, "kubedr_num_successful_backups") && collector.Has(Metrics, "nightly")));
        await worker.UntilLoggedAsync("Backup completed");
        await worker.StopAsync();

        Assert.True(collector.Has(Metrics, "etcd_backup_agent_last_success_timestamp_seconds"));
        Assert.True(collector.Has(Metrics, "kubedr_backup_duration_seconds"));
        Assert.All(["backup", "database", "commit", "prune"], span => Assert.True(collector.Has(Traces, span), span));
        Assert.True(collector.Has(Traces, "etcd-backup-agent"));
    }

    [Fact]
    public async Task The_backup_verb_exports_at_its_end()
    {
        using TestRepository repository = TestRepository.InDirectory();
        using OtlpReceiver collector = new();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;

        ToolResult backup = await BackUpAsync(repository, collector.Environment);

        Assert.Equal(0, backup.ExitCode);
        Assert.DoesNotContain("warning", backup.StandardError, StringComparison.Ordinal);
        Assert.True(collector.Has(Traces, "database"));
        Assert.True(collector.Has(Metrics, "kubedr_num_successful_backups"));
        Assert.True(collector.Has(Metrics, "default"));
    }

    [Fact]
    public async Task A_failed_backup_is_exported_with_its_reason()
    {
        using TestRepository repository = TestRepository.InDirectory();
        using OtlpReceiver collector = new();

        ToolResult backup = await BackUpAsync(repository, collector.Environment);

        Assert.Equal(5, backup.ExitCode);
        Assert.True(collector.Has(Traces, "RepositoryNotFound"));
        Assert.True(collector.Has(Metrics, "etcd_backup_agent_backup_failures_total"));
    }

    [Fact]
    public async Task An_unreachable_collector_is_reported_once_and_the_backup_succeeds() =>
        await SucceedsWithOneWarningAsync($"http://127.0.0.1:{FreePort.Take()}");

    [Fact]
    public async Task The_wait_for_a_collector_that_never_responds_is_limited()
    {
        using TcpListener silent = new(IPAddress.Loopback, FreePort.Take());
        silent.Start();
        long started = Stopwatch.GetTimestamp();

        await SucceedsWithOneWarningAsync($"http://{silent.LocalEndpoint}");

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, Bound);
    }

    [Fact]
    public async Task An_endpoint_that_is_not_a_URL_is_reported_and_the_backup_succeeds()
    {
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;

        ToolResult backup = await BackUpAsync(repository, OtlpReceiver.Variables("collector:4317"));

        Assert.Equal(0, backup.ExitCode);
        Assert.Contains(
            "warning: OTEL_EXPORTER_OTLP_ENDPOINT is not the URL of a collector",
            backup.StandardError,
            StringComparison.Ordinal);
    }

    private static async Task SucceedsWithOneWarningAsync(string endpoint)
    {
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;

        ToolResult backup = await BackUpAsync(repository, OtlpReceiver.Variables(endpoint));

        Assert.Equal(0, backup.ExitCode);
        string[] lines = backup.StandardError.Split('\n');
        Assert.Single(lines, line => line.Contains(Warning, StringComparison.Ordinal));
        Assert.Contains(endpoint, backup.StandardError, StringComparison.Ordinal);
    }

    private static async Task<ToolResult> BackUpAsync(
        TestRepository repository, IReadOnlyDictionary<string, string?> environment) =>
        await Agent.RunAsync(
            ["backup", .. repository.Options, .. EtcdArguments.Of(await SharedServers.EtcdAsync("3.5"))], environment);
}
