using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.KubernetesApi.Pods;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>
/// The shipped roles are what the agent needs. That it needs no more is seen in every scene: the proxy refuses what no
/// role grants, and a scene with a refusal fails. Here is seen that it needs no less.
/// </summary>
public sealed class RbacTests
{
    /// <summary>What is granted, and cannot be made to happen here; each with its reason.</summary>
    private static readonly IReadOnlyDictionary<string, string> Excepted = new Dictionary<string, string>(
        StringComparer.Ordinal)
    {
        ["etcd-backup-agent-controller: create cronjobs.batch"] =
            "A server-side apply that makes the object is a patch, for which a cluster wants to see the right to "
            + "create, too.",
    };

    [Fact]
    public async Task Every_right_of_the_shipped_roles_is_used()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        PeerProcess controller = scene.StartController();
        await LiveAsync(scene);
        await scene.StopAsync(controller);

        IReadOnlyList<ApiRequest> requests = scene.Proxy.Requests;
        string[] unused =
        [
            .. scene.Grants
                .Where(grant => !requests.Any(request => grant.Covers(request, ClusterScene.Namespace)))
                .Select(grant => grant.ToString())
                .Where(grant => !Excepted.ContainsKey(grant)),
        ];
        Assert.Equal([], unused);
        Assert.DoesNotContain(
            Excepted.Keys, name => requests.Any(request => scene.Grants.Any(
                grant => grant.ToString() == name && grant.Covers(request, ClusterScene.Namespace))));
        scene.MustBeClean();
    }

    /// <summary>What happens to policies, records and restores in their lives.</summary>
    private static async Task LiveAsync(ClusterScene scene)
    {
        SceneBucket bucket = await scene.CreatePolicyAsync("lived", spec => spec["retainNumBackups"] = 3);

        // A policy that kubedr, or an agent up to 0.1, gave a finalizer.
        await scene.KubectlAsync(
            "patch", "metadatabackuppolicy", "lived", "--type=merge", "-p",
            $$$"""{"metadata":{"finalizers":["metadata-backup-policy.finalizers.{{{ClusterScene.Group}}}"]}}""");
        await scene.UntilAsync(
            "metadatabackuppolicies", "lived", "without a finalizer", item => item["metadata"]!["finalizers"] is null);

        // Backups by schedule and on demand, one of which retention removes and one somebody.
        List<string> made = [];
        for (int i = 0; i < 4; i++)
        {
            made.Add(await scene.BackUpAsync("lived"));
        }

        await scene.KubectlAsync("annotate", "metadatabackuppolicy", "lived", $"{ClusterScene.Group}/backup-now=now");
        JsonObject asked = await scene.UntilAsync("metadatabackuppolicies", "lived", "backed up on demand", item =>
            (string?)item["status"]?["lastBackupNow"] == "now" && (string?)item["status"]!["snapshotId"] != made[3]);
        string onDemand = (string)asked["status"]!["snapshotId"]!;
        await scene.KubectlAsync("delete", "metadatabackuprecord", $"mbr-{made[3]}", "--timeout=60s");

        await FailAsync(scene);

        // A snapshot that somebody removes past the cluster, and somebody else's.
        _ = (await scene.RunElsewhereAsync(bucket, "delete", onDemand, "--yes")).Output;
        await scene.UntilGoneAsync("metadatabackuprecords", $"mbr-{onDemand}");
        string foreign = await BackUpElsewhereAsync(scene, bucket);
        await scene.UntilAsync("metadatabackuprecords", $"mbr-{foreign}", "there", _ => true);

        // A pod that cannot tell what became of it.
        scene.Pods.IsEvicting = true;
        Assert.Equal(PodRunner.Evicted, (await scene.FireAsync("lived")).ExitCode);
        scene.Pods.IsEvicting = false;
        await scene.UntilEventAsync("lived", "BackupFailed", "Evicted");

        // A restore.
        await scene.ApplyAsync(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "PersistentVolumeClaim",
            ["metadata"] = new JsonObject { ["name"] = "restored" },
        }.ToJsonString());
        await scene.ApplyAsync(new JsonObject
        {
            ["apiVersion"] = $"{ClusterScene.Group}/v1alpha1",
            ["kind"] = "MetadataRestore",
            ["metadata"] = new JsonObject { ["name"] = "restore-test" },
            ["spec"] = new JsonObject { ["mbrName"] = $"mbr-{made[2]}", ["pvcName"] = "restored" },
        }.ToJsonString());
        await scene.UntilAsync("metadatarestores", "restore-test", "completed", item =>
            (string?)item["status"]?["restoreStatus"] == "Completed");
        await scene.KubectlAsync("delete", "metadatarestore", "restore-test", "--timeout=60s");

        // The schedule goes, and then the policy.
        await scene.KubectlAsync(
            "patch",
            "metadatabackuppolicy",
            "lived",
            "--type=merge",
            "-p",
            """{"spec":{"schedule":null}}""");
        await scene.UntilGoneAsync("cronjobs", "lived-backup-cronjob");
        await scene.KubectlAsync("delete", "metadatabackuppolicy", "lived", "--timeout=60s");
        await scene.ExplainedAsync("its Jobs to go", async () => (await scene.ListAsync("jobs")).Count == 0);
    }

    /// <summary>A backup whose pod does not start, for want of a Secret, and then cannot be made, for want of what is
    /// in it.</summary>
    private static async Task FailAsync(ClusterScene scene)
    {
        await scene.KubectlAsync("delete", "secret", "etcd-creds");
        string? job = await scene.CronJobs.FireAsync("lived-backup-cronjob");
        JsonObject waiting = await scene.UntilAsync(
            "metadatabackuppolicies",
            "lived",
            "not started",
            item => ClusterScene.Condition(item, "PodStarted") == "False");
        string message = (string?)waiting["status"]!["backupErrorMessage"] ?? "";
        Assert.Equal("Pending", (string?)waiting["status"]!["backupStatus"]);
        Assert.Contains("secret \"etcd-creds\" not found", message, StringComparison.Ordinal);

        await scene.KubectlAsync(
            "create", "secret", "generic", "etcd-creds",
            "--from-literal=ca.crt=x", "--from-literal=client.crt=x", "--from-literal=client.key=x");
        Assert.NotEqual(0, (await scene.UntilEndedAsync(job!)).ExitCode);
        JsonObject failed = await scene.UntilAsync(
            "metadatabackuppolicies",
            "lived",
            "failed",
            item => ClusterScene.Condition(item, "BackupSucceeded") == "False");
        Assert.Equal("True", ClusterScene.Condition(failed, "PodStarted"));
        Assert.Equal("Failed", (string?)failed["status"]!["backupStatus"]);
        Assert.Single(await scene.EventsAsync("lived"), said => said.Reason == "BackupNotStarted");
    }

    private static async Task<string> BackUpElsewhereAsync(ClusterScene scene, SceneBucket bucket)
    {
        string said = (await scene.RunElsewhereAsync(
            bucket, ["backup", "--output", "json", .. EtcdArguments.Of(scene.Etcd)])).Output;
        return (string)JsonNode.Parse(said)!["id"]!;
    }
}
