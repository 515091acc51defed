using System.Text.Json.Nodes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>Requests backups with the annotation, and asserts that there is one for each value.</summary>
internal static class OnDemand
{
    /// <summary>Requests one backup, and asserts that there is no second one.</summary>
    public static async Task RequestBackupAsync(ClusterScene scene, string policy, SceneBucket bucket)
    {
        await scene.KubectlAsync("annotate", "metadatabackuppolicy", policy, $"{ClusterScene.Group}/backup-now=now");
        await AssertOneBackupAsync(scene, policy, bucket);
    }

    public static async Task AssertOneBackupAsync(ClusterScene scene, string policy, SceneBucket bucket)
    {
        await UntilBackedUpAsync(scene, policy);
        Assert.Single(await bucket.SnapshotsAsync());
        Assert.Single(
            await scene.ListAsync("jobs"),
            job => (string?)job["metadata"]!["labels"]?["kubedr.backup-policy"] == policy);
    }

    public static async Task UntilBackedUpAsync(ClusterScene scene, string policy, string? value = null)
    {
        JsonObject after = await scene.UntilAsync("metadatabackuppolicies", policy, "backed up on demand", item =>
            item["status"]?["lastBackupNow"] is { } noted && (value is null || (string?)noted == value)
            && (string?)item["status"]!["backupStatus"] == "Completed" && item["status"]!["snapshotId"] is not null);
        await scene.WaitAsync("its pod to end", async () =>
            (await scene.ListAsync("jobs")).All(job => job["status"]?["conditions"] is not null));
        after = (await scene.FindAsync("metadatabackuppolicies", policy))!;
        await scene.UntilAsync(
            "metadatabackuprecords",
            $"mbr-{(string?)after["status"]!["snapshotId"]}",
            "created",
            _ => true);
    }
}
