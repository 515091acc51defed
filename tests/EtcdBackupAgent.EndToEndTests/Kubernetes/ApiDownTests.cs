using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Failures;
using EtcdBackupAgent.Testing.KubernetesApi.Pods;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>The API server is unreachable while a backup is made, when the backup is most important.</summary>
public sealed class ApiDownTests
{
    [Fact]
    public async Task A_backup_during_which_the_API_server_stops_succeeds_and_is_published_later()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        await using HeldTransfer held = new(scene.Etcd.Endpoints[0].Port, afterBytes: 300_000);
        SceneBucket bucket = await scene.CreatePolicyAsync(
            "away",
            spec => spec["etcdEndpoint"] = $"https://127.0.0.1:{held.Port}");

        string job = (await scene.CronJobs.FireAsync("away-backup-cronjob"))!;
        await scene.WaitAsync("the backup to be running", () => Task.FromResult(held.IsHeld));
        scene.Proxy.IsAway = true;
        scene.Proxy.CutWatches();
        held.Release();
        PodRun run = await scene.UntilEndedAsync(job);
        Assert.True(run.ExitCode == 0, $"The pod ended with {run.ExitCode}:\n{run.Log}");

        await AssertPublishedLaterAsync(scene, bucket);
    }

    [Fact]
    public async Task A_backup_without_an_API_server_succeeds_and_is_published_later()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        SceneBucket bucket = await scene.CreatePolicyAsync("away");

        scene.Proxy.IsAway = true;
        scene.Proxy.CutWatches();
        PodRun run = await scene.FireAsync("away");
        Assert.True(run.ExitCode == 0, $"The pod ended with {run.ExitCode}:\n{run.Log}");

        await AssertPublishedLaterAsync(scene, bucket);
    }

    private static async Task AssertPublishedLaterAsync(ClusterScene scene, SceneBucket bucket)
    {
        string id = Assert.Single(await bucket.SnapshotsAsync());
        Assert.Empty(await scene.ListAsync("metadatabackuprecords"));

        scene.Proxy.IsAway = false;

        JsonObject record = await scene.UntilAsync("metadatabackuprecords", $"mbr-{id}", "created", _ => true);
        Assert.Equal("away", (string?)record["spec"]!["policy"]);
        JsonObject policy = await scene.UntilAsync(
            "metadatabackuppolicies",
            "away",
            "updated with its backup",
            item => (string?)item["status"]?["snapshotId"] == id);
        Assert.Equal("Completed", (string?)policy["status"]!["backupStatus"]);
        Assert.Equal([id], await bucket.SnapshotsAsync());
        scene.AssertNoRefusals();
    }
}
