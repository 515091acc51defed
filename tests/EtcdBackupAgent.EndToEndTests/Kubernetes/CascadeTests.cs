using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>
/// Something is deleted in the cluster, perhaps by mistake: no snapshot is deleted with it. At the end of a test, all
/// snapshots are in the bucket, and every object in the cluster can be deleted.
/// </summary>
public sealed class CascadeTests
{
    private const string Group = ClusterScene.Group;

    [Fact]
    public async Task Deleting_the_namespace_keeps_every_snapshot()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        (SceneBucket bucket, IReadOnlyList<string> made) = await BackUpTwiceAsync(scene);

        // Then the actions of a cluster's namespace controller, in the worst order: first Secrets, then all others.
        await scene.Server.KubectlAsync("delete", "namespace", ClusterScene.Namespace, "--wait=false");
        await scene.Objects.DeleteAsync($"api/v1/namespaces/{ClusterScene.Namespace}/secrets");
        foreach (
            string plural in new[]
            {
                "backuplocations",
                "metadatabackuppolicies",
                "metadatarestores",
                "metadatabackuprecords",
            })
        {
            await scene.Objects.DeleteAsync($"apis/{Group}/v1alpha1/namespaces/{ClusterScene.Namespace}/{plural}");
        }

        foreach (string plural in new[] { "metadatabackuppolicies", "metadatabackuprecords" })
        {
            await scene.WaitAsync(
                $"all {plural} to be gone",
                async () => (await scene.ListAsync(plural)).Count == 0);
        }

        Assert.Equal(made, await bucket.SnapshotsAsync());
        scene.AssertNoRefusals();
    }

    [Theory]
    [InlineData("metadatabackuprecords")]
    [InlineData("metadatabackuppolicies")]
    [InlineData("backuplocations")]
    public async Task Deleting_a_definition_keeps_every_snapshot_and_the_records_are_created_again(string plural)
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        (SceneBucket bucket, IReadOnlyList<string> made) = await BackUpTwiceAsync(scene);

        await scene.Server.KubectlAsync("delete", "crd", $"{plural}.{Group}", "--timeout=60s");
        Assert.Equal(made, await bucket.SnapshotsAsync());

        // The user notices the mistake and applies the manifests again.
        await scene.InstallDefinitionsAsync();
        await scene.ApplyAsync(scene.Location("kept", bucket.Name, "kept-credentials"));
        await scene.ApplyAsync(scene.Policy("kept", "kept"));
        foreach (string id in made)
        {
            await scene.UntilAsync(
                "metadatabackuprecords",
                $"mbr-{id}",
                "created again",
                item => item["metadata"]!["deletionTimestamp"] is null);
        }

        await scene.UntilReadyAsync("metadatabackuppolicies", "kept");
        Assert.Equal(made, await bucket.SnapshotsAsync());
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task Deleting_the_location_and_then_its_records_keeps_every_snapshot()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        PeerProcess controller = scene.StartController();
        (SceneBucket bucket, IReadOnlyList<string> made) = await BackUpTwiceAsync(scene);

        await scene.KubectlAsync("delete", "backuplocation", "kept", "--timeout=60s");
        await scene.UntilAsync(
            "metadatabackuppolicies", "kept", "not ready", item => ClusterScene.Condition(item, "Ready") == "False");
        await scene.KubectlAsync("delete", "metadatabackuprecords", "--all", "--timeout=60s");

        await UntilKeptAsync(scene, made);
        Assert.Equal(made, await bucket.SnapshotsAsync());
        Assert.True(controller.IsRunning, controller.Output);
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task Deleting_the_policy_deletes_its_CronJob_and_keeps_every_snapshot()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        (SceneBucket bucket, IReadOnlyList<string> made) = await BackUpTwiceAsync(scene);

        await scene.KubectlAsync("delete", "metadatabackuppolicy", "kept", "--timeout=60s");
        await scene.UntilGoneAsync("cronjobs", "kept-backup-cronjob");
        await scene.KubectlAsync("delete", "metadatabackuprecords", "--all", "--timeout=60s");

        await UntilKeptAsync(scene, made);
        Assert.Equal(made, await bucket.SnapshotsAsync());
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task Deleting_all_objects_at_once_keeps_every_snapshot()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        (SceneBucket bucket, IReadOnlyList<string> made) = await BackUpTwiceAsync(scene);

        await scene.KubectlAsync(
            "delete", "--all", "--timeout=60s", "backuplocations,metadatabackuppolicies,metadatabackuprecords");

        await UntilKeptAsync(scene, made);
        Assert.Contains(made[1], await bucket.SnapshotsAsync());
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task Deleting_every_record_keeps_the_last_good_snapshot_and_an_event_gives_the_reason()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        (SceneBucket bucket, IReadOnlyList<string> made) = await BackUpTwiceAsync(scene);

        await scene.KubectlAsync("delete", "metadatabackuprecord", $"mbr-{made[0]}", "--timeout=60s");
        await scene.KubectlAsync("delete", "metadatabackuprecord", $"mbr-{made[1]}", "--timeout=60s");

        await scene.UntilEventAsync($"mbr-{made[1]}", "SnapshotKept", "last");
        Assert.Equal([made[1]], await bucket.SnapshotsAsync());
        // Every snapshot in the bucket has a record.
        await scene.UntilAsync(
            "metadatabackuprecords",
            $"mbr-{made[1]}",
            "created again",
            item => item["metadata"]!["deletionTimestamp"] is null);
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task Deleting_all_records_at_once_keeps_one_good_snapshot()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        (SceneBucket bucket, _) = await BackUpTwiceAsync(scene);

        await scene.KubectlAsync("delete", "metadatabackuprecords", "--all", "--timeout=60s");

        await scene.WaitAsync("one snapshot to be left", async () => (await bucket.SnapshotsAsync()).Count == 1);
        string left = Assert.Single(await bucket.SnapshotsAsync());
        await scene.UntilEventAsync($"mbr-{left}", "SnapshotKept", "last");
        scene.AssertNoRefusals();
    }

    private static async Task UntilKeptAsync(ClusterScene scene, IReadOnlyList<string> made)
    {
        foreach (string id in made)
        {
            await scene.UntilEventAsync($"mbr-{id}", "SnapshotKept");
        }
    }

    private static async Task<(SceneBucket Bucket, IReadOnlyList<string> Made)> BackUpTwiceAsync(ClusterScene scene)
    {
        SceneBucket bucket = await scene.CreatePolicyAsync("kept");
        IReadOnlyList<string> made = [await scene.BackUpAsync("kept"), await scene.BackUpAsync("kept")];
        return (bucket, made);
    }
}
