using System.Net;
using System.Text;
using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Worker;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Monitoring;

/// <summary><c>run --listen</c>, looked at from outside.</summary>
public sealed class MetricsTests
{
    private const string Nightly = "{policyName=\"nightly\"}";

    /// <summary>What promtool says of every metric with the label policyName.</summary>
    private const string KubedrsLabel = "label names should be written in 'snake_case' not 'camelCase'";

    /// <summary>kubedr chose these names before the linter had an opinion, and its users' alerts go by them.</summary>
    private static readonly string[] KubedrsOwn =
    [
        "kubedr_num_backups counter metrics should have \"_total\" suffix",
        "kubedr_num_failed_backups counter metrics should have \"_total\" suffix",
        "kubedr_num_successful_backups counter metrics should have \"_total\" suffix",
    ];

    [Fact]
    public async Task The_numbers_are_those_of_the_backup_and_promtool_accepts_them()
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
        await JudgeAsync(await scrape.MetricsAsync());
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
    public async Task A_port_in_use_ends_it_at_the_start()
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

    /// <summary>promtool reads them without an error, and complains of nothing but kubedr's names.</summary>
    private static async Task JudgeAsync(string metrics)
    {
        using MemoryStream input = new(Encoding.UTF8.GetBytes(metrics));
        ToolResult judged = await Tool.RunAsync(Peers.Promtool, ["check", "metrics"], standardInput: input);

        string[] complaints =
        [
            .. $"{judged.StandardOutput}{judged.StandardError}".Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => !line.EndsWith(KubedrsLabel, StringComparison.Ordinal)),
        ];
        Assert.Equal(KubedrsOwn, complaints.Order(StringComparer.Ordinal));
    }

    /// <summary>Of the newest snapshot of the policy that the tests ask about.</summary>
    private static async Task<JsonElement> ManifestAsync(WorkerScene scene)
    {
        ToolResult said = await scene.Repository.RunAsync("list", "--output", "json");
        using JsonDocument list = JsonDocument.Parse(said.Output);
        return list.RootElement.EnumerateArray()
            .Last(snapshot => snapshot.GetProperty("policy").GetProperty("name").GetString() == "nightly")
            .Clone();
    }
}
