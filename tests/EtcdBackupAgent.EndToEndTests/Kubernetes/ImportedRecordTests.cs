using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>A snapshot that is imported for a policy of a cluster gets a record, with its true age.</summary>
public sealed class ImportedRecordTests : IDisposable
{
    private const string Policy = "nightly";
    private const string TakenAt = "2024-02-03T04:05:06Z";

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task An_imported_snapshot_of_a_policy_gets_a_record()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        PeerProcess controller = scene.StartController();
        _ = await scene.CreatePolicyAsync(Policy);
        string backup = await scene.BackUpAsync(Policy);
        await scene.Etcd.EtcdctlAsync("snapshot", "save", _directory["snapshot.db"]);

        string[] import =
        [
            "import", "--file", _directory["snapshot.db"], "--taken-at", TakenAt, "--again", "--output", "json",
            "--kubernetes", "--kubeconfig", scene.Server.KubeconfigFile, "--namespace", ClusterScene.Namespace,
            "--policy", Policy,
        ];
        using JsonDocument manifest = JsonDocument.Parse((await Agent.RunAsync(import)).Output);
        string id = manifest.RootElement.GetProperty("id").GetString()!;

        JsonObject record = await scene.UntilAsync(
            "metadatabackuprecords", $"mbr-{id}", "described", item => item["status"]?["completedAt"] is not null);
        Assert.Equal(Policy, (string?)record["spec"]!["policy"]);
        Assert.Equal(TakenAt, (string?)record["status"]!["completedAt"]);

        // The policy's last success stays the backup, which is newer.
        JsonObject policy = (await scene.FindAsync("metadatabackuppolicies", Policy))!;
        Assert.Equal(backup, (string?)policy["status"]!["snapshotId"]);
        await scene.StopAsync(controller);
    }

    public void Dispose() => _directory.Dispose();
}
