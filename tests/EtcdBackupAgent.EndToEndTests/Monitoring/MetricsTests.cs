using System.Net;
using System.Text;
using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Worker;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Monitoring;

/// <summary><c>run --listen</c>, as Prometheus and a kubelet see it.</summary>
public sealed class MetricsTests
{
    private const string Nightly = "{policyName=\"nightly\"}";

    /// <summary>The warning of promtool for every metric with the label policyName.</summary>
    private const string KubedrLabelWarning = "label names should be written in 'snake_case' not 'camelCase'";

    /// <summary>kubedr chose these names before the linter had rules, and its users' alerts depend on them.</summary>
    private static readonly string[] KubedrWarnings =
    [
        "kubedr_num_backups counter metrics should have \"_total\" suffix",
        "kubedr_num_failed_backups counter metrics should have \"_total\" suffix",
        "kubedr_num_successful_backups counter metrics should have \"_total\" suffix",
    ];

    [Fact]
    public async Task The_metrics_match_the_backup_and_promtool_accepts_them()
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        using Scrape scrape = new();
        scene.WritePolicy("nightly", new PolicyText());
        scene.WritePolicy("broken", new PolicyText { Etcd = "http://127.0.0.1:1" });
        await using PeerProcess worker = scene.Start("--listen", scrape.Address);

        await scrape.UntilAsync(worker, $"kubedr_num_successful_backups{Nightly}", 1);
        await scrape.UntilAsync(worker, "kubedr_num_failed_backups{policyName=\"broken\"}", 1);

        JsonElement manifest = await ManifestAsync(scene);
        JsonElement[] artifacts = [.. manifest.GetProperty("artifacts").EnumerateArray()];
        Assert.Equal(
            artifacts.Sum(a => a.GetProperty("plainBytes").GetInt64()),
            await scrape.ValueAsync($"kubedr_backup_size_bytes{Nightly}"));
        Assert.Equal(
            artifacts.Sum(a => a.GetProperty("storedBytes").GetInt64()),
            await scrape.ValueAsync($"etcd_backup_agent_last_backup_stored_bytes{Nightly}"));
        Assert.Equal(1, await scrape.ValueAsync($"kubedr_num_backups{Nightly}"));
        Assert.Equal(0, await scrape.ValueAsync($"kubedr_num_failed_backups{Nightly}"));
        Assert.Equal(1, await scrape.ValueAsync("kubedr_backup_duration_seconds_count{policyName=\"nightly\"}"));
        Assert.Equal(
            1,
            await scrape.ValueAsync(
                "etcd_backup_agent_backup_failures_total{policyName=\"broken\",reason=\"EtcdUnreachable\"}"));
        Assert.Equal(
            (await scene.SnapshotsAsync()).Count,
            await scrape.ValueAsync("etcd_backup_agent_repository_snapshots{location=\"disk\"}"));
        Assert.Equal(HttpStatusCode.OK, await scrape.ProbeAsync("/healthz"));
        await worker.UntilReadyAsync(async () => await scrape.ProbeAsync("/readyz") == HttpStatusCode.OK);
        await CheckWithPromtoolAsync(await scrape.MetricsAsync());
        await worker.StopAsync();
    }

    [Fact]
    public async Task The_last_success_survives_a_restart()
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        scene.WritePolicy("nightly", new PolicyText { Schedule = "0 0 1 1 *" });
        await scene.BackUpAsync("nightly");
        DateTimeOffset completed = (await ManifestAsync(scene)).GetProperty("completedAt").GetDateTimeOffset();

        using Scrape scrape = new();
        await using PeerProcess worker = scene.Start("--listen", scrape.Address);

        await scrape.UntilAsync(
            worker,
            $"etcd_backup_agent_last_success_timestamp_seconds{Nightly}",
            completed.ToUnixTimeMilliseconds() / 1000d);
        Assert.True(await scrape.ValueAsync($"etcd_backup_agent_schedule_interval_seconds{Nightly}") >= 365 * 86400);
        Assert.Null(await scrape.ValueAsync($"etcd_backup_agent_last_attempt_succeeded{Nightly}"));
        await worker.StopAsync();
    }

    [Fact]
    public async Task A_port_in_use_fails_the_start()
    {
        using WorkerScene scene = await WorkerScene.NewAsync();
        using Scrape scrape = new();
        await using PeerProcess worker = scene.Start("--listen", scrape.Address);
        await worker.UntilReadyAsync(async () => await scrape.ProbeAsync("/healthz") == HttpStatusCode.OK);

        ToolResult second = await scene.RunAsync("--listen", scrape.Address);

        Assert.Equal(2, second.ExitCode);
        Assert.Contains(
            $"error: --listen {scrape.Address} cannot be used: Address already in use.",
            second.StandardError,
            StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.StandardError, StringComparison.Ordinal);
        await worker.StopAsync();
    }

    /// <summary>Checks that promtool reads the metrics, and that it warns only about kubedr's names.</summary>
    private static async Task CheckWithPromtoolAsync(string metrics)
    {
        using MemoryStream input = new(Encoding.UTF8.GetBytes(metrics));
        ToolResult result = await Tool.RunAsync(Peers.Promtool, ["check", "metrics"], standardInput: input);

        string[] warnings =
        [
            .. $"{result.StandardOutput}{result.StandardError}".Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => !line.EndsWith(KubedrLabelWarning, StringComparison.Ordinal)),
        ];
        Assert.Equal(KubedrWarnings, warnings.Order(StringComparer.Ordinal));
    }

    /// <summary>The manifest of the newest snapshot of the policy <c>nightly</c>.</summary>
    private static async Task<JsonElement> ManifestAsync(WorkerScene scene)
    {
        ToolResult listed = await scene.Repository.RunAsync("list", "--output", "json");
        using JsonDocument list = JsonDocument.Parse(listed.Output);
        return list.RootElement.EnumerateArray()
            .Last(snapshot => snapshot.GetProperty("policy").GetProperty("name").GetString() == "nightly")
            .Clone();
    }
}
