using System.Globalization;
using System.Net;
using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.EndToEndTests.Monitoring;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Worker;

/// <summary>The change logs of policies, written by the worker and by <c>archive --resources</c>.</summary>
public sealed class WorkerChangeLogTests : IDisposable
{
    private const string Begins = "The change log of policy kubedr-system/logged begins";
    private const string Metrics = "etcd_backup_agent_change_log_";

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_worker_writes_the_log_of_a_policy_and_the_moment_before_a_mistake_is_restored()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5") });
        using WorkerScene scene = await WorkerScene.NewAsync();
        using Scrape scrape = new();
        scene.WritePolicy("logged", Logged(etcd));
        scene.WritePolicy("broken", Logged(etcd) with { Etcd = "http://127.0.0.1:1" });
        scene.WritePolicy("often", new PolicyText { Schedule = "@every 1s", Etcd = etcd.EndpointList });
        await using PeerProcess worker = scene.Start("--listen", scrape.Address);
        await worker.UntilLoggedAsync("of policy kubedr-system/logged at revision");

        await UntilStoredAsync(scene, worker, await PutAsync(etcd, "/kept", "before"));
        DateTimeOffset moment = TimeProvider.System.GetUtcNow();
        await PutAsync(etcd, "/kept", "mistake");
        await UntilStoredAsync(scene, worker, await PutAsync(etcd, "/wrong", "mistake"));

        await worker.UntilLoggedAsync("The changes of policy kubedr-system/broken cannot be read (EtcdUnreachable)");
        await worker.UntilLoggedAsync("Backup of policy kubedr-system/often completed");
        Assert.Equal(1, await scrape.ValueAsync($"{Metrics}connected{{policyName=\"logged\"}}"));
        Assert.Equal(0, await scrape.ValueAsync($"{Metrics}connected{{policyName=\"broken\"}}"));
        Assert.True(await scrape.ValueAsync($"{Metrics}records_total{{policyName=\"logged\"}}") >= 3);

        // What was written immediately before the signal is stored too.
        long last = await PutAsync(etcd, "/last", "one");
        await worker.StopAsync();
        Assert.Equal(last, await StoredUpToAsync(scene));

        await RestoreAsync(scene, moment);
        await using EtcdServer restored = await EtcdServer.StartAsync(new EtcdServerOptions
        {
            Series = SharedServers.Series("3.5"),
            SnapshotFile = _directory["restored/etcd-snapshot.db"],
        });
        Assert.Equal("/kept\nbefore", (await restored.EtcdctlAsync("get", "", "--from-key")).Trim());
    }

    [Fact]
    public async Task A_policy_that_gets_a_change_log_and_loses_it_is_followed_without_a_restart()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5") });
        using WorkerScene scene = await WorkerScene.NewAsync();
        using Scrape scrape = new();
        scene.WritePolicy("logged", Logged(etcd) with { ChangeLog = null, Schedule = "@yearly" });
        await using PeerProcess worker = scene.Start("--listen", scrape.Address);
        await worker.UntilLoggedAsync("Policy kubedr-system/logged on schedule");

        scene.WritePolicy("logged", Logged(etcd) with { Schedule = "@yearly" });
        await worker.UntilLoggedAsync(Begins);
        await scrape.UntilAsync(worker, $"{Metrics}connected{{policyName=\"logged\"}}", 1);
        scene.WritePolicy("logged", Logged(etcd) with { Schedule = "@yearly", Suspend = true });
        await worker.UntilLoggedAsync("Policy kubedr-system/logged is suspended.");

        Assert.DoesNotContain("change_log_connected{", await scrape.MetricsAsync(), StringComparison.Ordinal);
        await worker.StopAsync();
    }

    [Fact]
    public async Task A_process_of_its_own_writes_the_log_of_a_policy_and_stops_in_order()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5") });
        using WorkerScene scene = await WorkerScene.NewAsync();
        using Scrape scrape = new();
        scene.WritePolicy("logged", Logged(etcd) with { Retain = 1 });
        await using PeerProcess archive = scene.StartArchive("logged", "--listen", scrape.Address);
        await archive.UntilLoggedAsync("of policy kubedr-system/logged at revision");
        await scrape.UntilAsync(archive, $"{Metrics}connected{{policyName=\"logged\"}}", 1);
        await scrape.UntilAsync(archive, "kubedr_num_successful_backups{policyName=\"logged\"}", 1);
        Assert.Equal(HttpStatusCode.OK, await scrape.ProbeAsync("/healthz"));
        Assert.Equal(HttpStatusCode.OK, await scrape.ProbeAsync("/readyz"));

        long last = await PutAsync(etcd, "/last", "one");
        await archive.StopAsync();

        Assert.Equal(last, await StoredUpToAsync(scene));
        Assert.Equal([("logged", "schedule")], await scene.SnapshotsAsync());
    }

    private static PolicyText Logged(EtcdServer etcd) => new()
    {
        Etcd = etcd.EndpointList,
        ChangeLog = new { closeEvery = "1s" },
    };

    /// <summary>Writes a key, and returns the revision.</summary>
    private static async Task<long> PutAsync(EtcdServer etcd, string key, string value)
    {
        using JsonDocument response = JsonDocument.Parse(await etcd.EtcdctlAsync("put", key, value, "-w", "json"));
        return response.RootElement.GetProperty("header").GetProperty("revision").GetInt64();
    }

    private static Task UntilStoredAsync(WorkerScene scene, PeerProcess worker, long revision) =>
        worker.UntilReadyAsync(async () => await StoredUpToAsync(scene) >= revision);

    /// <summary>The last revision that can be restored; 0 if there is none.</summary>
    private static async Task<long> StoredUpToAsync(WorkerScene scene)
    {
        ToolResult list = await scene.Repository.RunAsync("list", "--windows", "--output", "json");
        using JsonDocument document = JsonDocument.Parse(list.Output);
        return document.RootElement.GetProperty("windows").EnumerateArray()
            .Where(window => window.GetProperty("policy").GetString() == "kubedr-system/logged")
            .Select(window => window.GetProperty("toRevision").GetInt64())
            .DefaultIfEmpty()
            .Max();
    }

    private async Task RestoreAsync(WorkerScene scene, DateTimeOffset moment) => _ = (await scene.Repository.RunAsync(
        "restore",
        "--at",
        moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        "--policy",
        "logged",
        "--to",
        _directory["restored"])).Output;
}
