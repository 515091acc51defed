using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Worker;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>
/// The controller runs on the control-plane node, makes the backups itself, and publishes them as pods do.
/// </summary>
public sealed class InProcessTests
{
    [Fact]
    public async Task With_the_option_it_makes_all_backups_itself()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController("--in-process");
        SceneBucket bucket = await scene.CreatePolicyAsync("own", spec => spec.Remove("schedule"));

        string first = await UntilNextAsync(scene, "own", before: null);
        await scene.KubectlAsync("annotate", "metadatabackuppolicy", "own", $"{ClusterScene.Group}/backup-now=one");
        string second = await UntilNextAsync(scene, "own", first);

        await scene.UntilAsync(
            "metadatabackuppolicies",
            "own",
            "updated with the annotation",
            item => (string?)item["status"]?["lastBackupNow"] == "one");
        Assert.Equal([first, second], await bucket.SnapshotsAsync());
        Assert.Equal([null, "one"], (await bucket.ManifestsAsync()).Select(manifest => (string?)manifest["note"]));
        Assert.Empty(await scene.ListAsync("jobs"));
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task A_policy_can_require_it_and_have_a_schedule_that_a_CronJob_cannot_express()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        SceneBucket bucket = await scene.CreatePolicyAsync("often", spec =>
        {
            spec["schedule"] = "@every 7s";
            spec["options"] = new JsonObject { ["execution"] = "InProcess" };
            spec["retainNumBackups"] = 1;
        });

        string first = await UntilNextAsync(scene, "often", before: null);
        string second = await UntilNextAsync(scene, "often", first);

        await scene.WaitAsync(
            "only the newest snapshot to remain",
            async () => !(await bucket.SnapshotsAsync()).Contains(first, StringComparer.Ordinal));
        await scene.WaitAsync(
            "its record to be removed",
            async () => await scene.FindAsync("metadatabackuprecords", $"mbr-{first}") is null);
        Assert.NotEqual(first, second);
        Assert.Null(await scene.FindAsync("cronjobs", "often-backup-cronjob"));
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task It_writes_the_change_log_of_its_policies_and_publishes_the_snapshots_for_it()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        PeerProcess controller = scene.StartController("--in-process");
        SceneBucket bucket = await scene.CreatePolicyAsync("logged", spec =>
        {
            spec.Remove("schedule");
            spec["changeLog"] = new JsonObject { ["closeEvery"] = "1s" };
        });

        string snapshot = await UntilNextAsync(scene, "logged", before: null);
        await scene.UntilAsync("metadatabackuprecords", $"mbr-{snapshot}", "created", _ => true);
        await controller.UntilLoggedAsync("A segment of the change log of policy kubedr-system/logged is stored");
        await scene.StopAsync(controller);

        Assert.Equal([snapshot], await bucket.SnapshotsAsync());
        ToolResult windows = await scene.RunWithoutClusterAsync(bucket, "list", "--windows");
        Assert.Contains("any second from", windows.Output, StringComparison.Ordinal);
        scene.AssertNoRefusals();
    }

    private static async Task<string> UntilNextAsync(ClusterScene scene, string policy, string? before)
    {
        JsonObject after = await scene.UntilAsync("metadatabackuppolicies", policy, "backed up", item =>
            (string?)item["status"]?["snapshotId"] is { } id && id != before);
        return (string)after["status"]!["snapshotId"]!;
    }
}
