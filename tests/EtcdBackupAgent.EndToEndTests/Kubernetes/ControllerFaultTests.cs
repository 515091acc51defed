using System.Text.Json.Nodes;
using EtcdBackupAgent.Testing.Network;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>Failures around the controller, and objects in the wrong order. The result is the same.</summary>
public sealed class ControllerFaultTests
{
    [Fact]
    public async Task Two_controllers_run_and_the_first_is_killed()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        PeerProcess first = scene.StartController();
        SceneBucket bucket = await scene.CreatePolicyAsync("shared");
        PeerProcess second = scene.StartController();

        await scene.KubectlAsync("annotate", "metadatabackuppolicy", "shared", $"{ClusterScene.Group}/backup-now=one");
        await OnDemand.AssertOneBackupAsync(scene, "shared", bucket);

        first.Kill();
        await scene.KubectlAsync(
            "annotate",
            "--overwrite",
            "metadatabackuppolicy",
            "shared",
            $"{ClusterScene.Group}/backup-now=two");
        await OnDemand.UntilBackedUpAsync(scene, "shared", "two");
        Assert.Equal(2, (await bucket.SnapshotsAsync()).Count);
        Assert.True(second.IsRunning, second.Output);
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task A_location_and_its_Secret_are_created_after_the_policy()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        SceneBucket bucket = scene.NewBucket();

        await scene.ApplyAsync(scene.Policy("early", "late"));
        JsonObject policy = await scene.UntilAsync(
            "metadatabackuppolicies", "early", "not ready", item => ClusterScene.Condition(item, "Ready") == "False");
        Assert.Contains("late", policy["status"]!["conditions"]!.ToJsonString(), StringComparison.Ordinal);
        await scene.ApplyAsync(scene.Location("late", bucket.Name));
        await scene.UntilAsync(
            "backuplocations", "late", "not ready", item => ClusterScene.Condition(item, "Ready") == "False");
        await scene.CreateCredentialsAsync("minio");

        await scene.UntilReadyAsync("backuplocations", "late");
        await scene.UntilReadyAsync("metadatabackuppolicies", "early");
        await scene.BackUpAsync("early");
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task The_keys_of_the_bucket_are_changed()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        await scene.S3.CreateUserAsync("rotated", "ROTATEDKEY0000000001", "first-secret-of-no-value");
        SceneBucket bucket = scene.NewBucket();
        await scene.CreateCredentialsAsync("rotated", "ROTATEDKEY0000000001", "first-secret-of-no-value");
        await scene.ApplyAsync(scene.Location("rotated", bucket.Name, "rotated"));
        await scene.ApplyAsync(scene.Policy("rotated", "rotated"));
        await scene.UntilReadyAsync("metadatabackuppolicies", "rotated");
        string first = await scene.BackUpAsync("rotated");

        await scene.S3.AdministerAsync(
            "key",
            "create",
            "--uid=rotated",
            "--key-type=s3",
            "--access-key=ROTATEDKEY0000000002",
            "--secret-key=second-secret-of-no-value");
        await scene.S3.AdministerAsync(
            "key",
            "rm",
            "--uid=rotated",
            "--key-type=s3",
            "--access-key=ROTATEDKEY0000000001");
        Assert.NotEqual(0, (await scene.FireAsync("rotated")).ExitCode);
        await scene.UntilEventAsync("rotated", "BackupFailed");
        await scene.KubectlAsync("delete", "secret", "rotated");
        await scene.CreateCredentialsAsync("rotated", "ROTATEDKEY0000000002", "second-secret-of-no-value");

        string second = await scene.BackUpAsync("rotated");
        await scene.UntilReadyAsync("backuplocations", "rotated");
        await scene.KubectlAsync("delete", "metadatabackuprecord", $"mbr-{first}", "--timeout=60s");
        await scene.UntilEventAsync($"mbr-{first}", "SnapshotDeleted");
        await scene.UntilGoneAsync("metadatabackuprecords", $"mbr-{first}");
        await scene.UntilAsync("metadatabackuprecords", $"mbr-{second}", "created", _ => true);
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task The_bucket_is_unreachable_for_a_while()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        await using TcpProxy proxy = new(scene.S3.HttpsEndpoint.Port) { ToServer = { FaultAfterBytes = 1 } };
        SceneBucket bucket = scene.NewBucket();
        await scene.CreateCredentialsAsync("minio");
        await scene.ApplyAsync(scene.Location("far", bucket.Name, url: new Uri($"https://localhost:{proxy.Port}")));
        await scene.ApplyAsync(scene.Policy("far", "far"));
        await scene.UntilReadyAsync("metadatabackuppolicies", "far");
        string first = await scene.BackUpAsync("far");
        string second = await scene.BackUpAsync("far");

        proxy.ToServer.FaultsLeft = int.MaxValue;
        await scene.KubectlAsync("delete", "metadatabackuprecord", $"mbr-{first}", "--wait=false");
        await scene.WaitAsync("a warning about the record", async () =>
            (await scene.EventsAsync($"mbr-{first}")).Any(recorded => recorded.Type == "Warning"));
        Assert.NotNull(await scene.FindAsync("metadatabackuprecords", $"mbr-{first}"));

        proxy.ToServer.FaultsLeft = 0;
        await scene.UntilGoneAsync("metadatabackuprecords", $"mbr-{first}");
        Assert.Equal([second], await bucket.SnapshotsAsync());
        await scene.UntilReadyAsync("backuplocations", "far");
        scene.AssertNoRefusals();
    }
}
