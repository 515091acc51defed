using System.Text.Json.Nodes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>Asks for backups by the annotation, and sees that there is one for each value.</summary>
internal static class OnDemand
{
    /// <summary>One backup on demand, and no second one.</summary>
    public static async Task AskOnceAsync(ClusterScene scene, string policy, SceneBucket bucket)
    {
        await scene.KubectlAsync("annotate", "metadatabackuppolicy", policy, $"{ClusterScene.Group}/backup-now=now");
        await MadeOnceAsync(scene, policy, bucket);
    }

    public static async Task MadeOnceAsync(ClusterScene scene, string policy, SceneBucket bucket)
    {
        await MadeAsync(scene, policy);
        Assert.Single(await bucket.SnapshotsAsync());
        Assert.Single(
            await scene.ListAsync("jobs"),
            job => (string?)job["metadata"]!["labels"]?["kubedr.backup-policy"] == policy);
    }

    public static async Task MadeAsync(ClusterScene scene, string policy, string? value = null)
    {
        JsonObject after = await scene.UntilAsync("metadatabackuppolicies", policy, "backed up on demand", item =>
            item["status"]?["lastBackupNow"] is { } noted && (value is null || (string?)noted == value)
            && (string?)item["status"]!["backupStatus"] == "Completed" && item["status"]!["snapshotId"] is not null);
        await scene.ExplainedAsync("its pod to end", async () =>
            (await scene.ListAsync("jobs")).All(job => job["status"]?["conditions"] is not null));
        after = (await scene.FindAsync("metadatabackuppolicies", policy))!;
        await scene.UntilAsync(
            "metadatabackuprecords",
            $"mbr-{(string?)after["status"]!["snapshotId"]}",
            "there",
            _ => true);
    }
}
