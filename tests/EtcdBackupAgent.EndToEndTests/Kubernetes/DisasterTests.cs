using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>The etcd that is backed up contains the policies and the records, and is lost.</summary>
public sealed class DisasterTests
{
    [Fact]
    public async Task A_cluster_that_is_restored_from_its_own_backup_knows_all_its_backups()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        PeerProcess before = scene.StartController();
        SceneBucket bucket = await scene.CreatePolicyAsync(
            "self",
            spec => spec["etcdEndpoint"] = scene.Server.Etcd.EndpointList);
        string first = await scene.BackUpAsync("self");
        string second = await scene.BackUpAsync("self");
        string third = await scene.BackUpAsync("self");
        string uid = (string)(await scene.FindAsync("metadatabackuppolicies", "self"))!["metadata"]!["uid"]!;

        // The third backup contains the records of the first and the second. Then the first is deleted.
        await scene.KubectlAsync("delete", "metadatabackuprecord", $"mbr-{first}", "--timeout=60s");
        await scene.UntilEventAsync($"mbr-{first}", "SnapshotDeleted");
        IReadOnlyList<string> left = [second, third];
        Assert.Equal(left, await bucket.SnapshotsAsync());
        await scene.StopAsync(before);

        // The operator has only the bucket, its credentials and the passphrase.
        await scene.Server.ReplaceEtcdAsync(async member => _ = (await scene.RunWithoutClusterAsync(
            bucket, "restore", "latest", "--data-dir", member.Directory,
            "--name", member.Name, "--initial-advertise-peer-urls", member.PeerUrl,
            "--initial-cluster", member.InitialCluster)).Output);

        await scene.UntilAsync(
            "metadatabackuppolicies", "self", "restored", item => (string?)item["metadata"]!["uid"] == uid);
        await scene.WaitAsync(
            "the records to be those of when the backup was made",
            async () => (await NamesAsync(scene)).SequenceEqual(
                new[] { $"mbr-{first}", $"mbr-{second}" }.Order(StringComparer.Ordinal)));

        scene.StartController();
        await scene.WaitAsync(
            "the records to be those of the bucket",
            async () =>
                (await NamesAsync(scene)).SequenceEqual(left.Select(id => $"mbr-{id}").Order(StringComparer.Ordinal)));
        Assert.Equal(left, await bucket.SnapshotsAsync());

        // Backups continue. The endpoint changes, because the test's etcd has new ports.
        await scene.ApplyAsync(
            scene.Policy("self", "self", spec => spec["etcdEndpoint"] = scene.Server.Etcd.EndpointList));
        await scene.UntilReadyAsync("metadatabackuppolicies", "self");
        // In the backup, the Job that made it is running. In a cluster, kubelet would end it.
        await scene.KubectlAsync("delete", "jobs", "--all");
        string fourth = await scene.BackUpAsync("self");
        Assert.Equal([.. left, fourth], await bucket.SnapshotsAsync());
        scene.AssertNoRefusals();
    }

    private static async Task<IReadOnlyList<string>> NamesAsync(ClusterScene scene) =>
    [
        .. (await scene.ListAsync("metadatabackuprecords"))
            .Select(record => (string)record["metadata"]!["name"]!)
            .Order(StringComparer.Ordinal),
    ];
}
