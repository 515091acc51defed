using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.KubernetesApi.Pods;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>
/// The shipped roles are exactly what the agent needs. Every scene tests that they are sufficient: the proxy refuses
/// every request that no role grants, and a scene with a refusal fails. This class tests that every right is used.
/// </summary>
public sealed class RbacTests
{
    /// <summary>Rights that are granted but cannot be used here, each with the reason.</summary>
    private static readonly IReadOnlyDictionary<string, string> Exceptions = new Dictionary<string, string>(
        StringComparer.Ordinal)
    {
        ["etcd-backup-agent-controller: create cronjobs.batch"] =
            "A server-side apply that creates the object is a patch, for which a cluster also requires the right "
            + "to create.",
        ["etcd-backup-agent-controller: create deployments.apps"] = "As for CronJobs.",
    };

    [Fact]
    public async Task Every_right_of_the_shipped_roles_is_used()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        PeerProcess controller = scene.StartController();
        await UseEverythingAsync(scene);
        await scene.StopAsync(controller);

        IReadOnlyList<ApiRequest> requests = scene.Proxy.Requests;
        string[] unused =
        [
            .. scene.Grants
                .Where(grant => !requests.Any(request => grant.Covers(request, ClusterScene.Namespace)))
                .Select(grant => grant.ToString())
                .Where(grant => !Exceptions.ContainsKey(grant)),
        ];
        Assert.Equal([], unused);
        Assert.DoesNotContain(
            Exceptions.Keys, name => requests.Any(request => scene.Grants.Any(
                grant => grant.ToString() == name && grant.Covers(request, ClusterScene.Namespace))));
        scene.AssertNoRefusals();
    }

    /// <summary>Uses policies, records and restores in every way.</summary>
    private static async Task UseEverythingAsync(ClusterScene scene)
    {
        SceneBucket bucket = await scene.CreatePolicyAsync("lived", spec => spec["retainNumBackups"] = 3);

        // A policy with the finalizer of kubedr or of an agent up to 0.1.
        await scene.KubectlAsync(
            "patch", "metadatabackuppolicy", "lived", "--type=merge", "-p",
            $$$"""{"metadata":{"finalizers":["metadata-backup-policy.finalizers.{{{ClusterScene.Group}}}"]}}""");
        await scene.UntilAsync(
            "metadatabackuppolicies", "lived", "without a finalizer", item => item["metadata"]!["finalizers"] is null);

        // Scheduled backups and one on demand. Retention removes one of them, and the user deletes another one.
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

        await WriteChangeLogAsync(scene);
        await FailBackupAsync(scene);

        // A snapshot that is deleted without the cluster, and a snapshot of another machine.
        _ = (await scene.RunWithoutClusterAsync(bucket, "delete", onDemand, "--yes")).Output;
        await scene.UntilGoneAsync("metadatabackuprecords", $"mbr-{onDemand}");
        string foreign = await BackUpWithoutClusterAsync(scene, bucket);
        await scene.UntilAsync("metadatabackuprecords", $"mbr-{foreign}", "created", _ => true);

        // A pod that cannot report its result.
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

        // A restore of a revision from before the change log.
        await scene.ApplyAsync(new JsonObject
        {
            ["apiVersion"] = $"{ClusterScene.Group}/v1alpha1",
            ["kind"] = "MetadataRestore",
            ["metadata"] = new JsonObject { ["name"] = "restore-log" },
            ["spec"] = new JsonObject { ["policy"] = "lived", ["revision"] = 1, ["pvcName"] = "restored" },
        }.ToJsonString());
        await scene.UntilAsync("metadatarestores", "restore-log", "failed", item =>
            (string?)item["status"]?["restoreStatus"] == "Failed"
            && ((string)item["status"]!["restoreErrorMessage"]!)
                .Contains("cannot be restored", StringComparison.Ordinal));
        await scene.KubectlAsync("delete", "metadatarestore", "restore-log", "--timeout=60s");

        // The schedule is removed, and then the policy is deleted.
        await scene.KubectlAsync(
            "patch",
            "metadatabackuppolicy",
            "lived",
            "--type=merge",
            "-p",
            """{"spec":{"schedule":null}}""");
        await scene.UntilGoneAsync("cronjobs", "lived-backup-cronjob");
        await scene.KubectlAsync("delete", "metadatabackuppolicy", "lived", "--timeout=60s");
        await scene.WaitAsync("its Jobs to be removed", async () => (await scene.ListAsync("jobs")).Count == 0);
    }

    /// <summary>A change log for a while: the controller publishes the time that can be restored.</summary>
    private static async Task WriteChangeLogAsync(ClusterScene scene)
    {
        await scene.KubectlAsync(
            "patch", "metadatabackuppolicy", "lived", "--type=merge", "-p",
            """{"spec":{"changeLog":{"closeEvery":"1s"}}}""");
        await scene.UntilAsync("deployments", "lived-changelog", "created", _ => true);
        string pod = await scene.Deployments.StartAsync("lived-changelog");
        await scene.UntilAsync("metadatabackuppolicies", "lived", "restorable", item =>
            item["status"]?["restorableFrom"] is not null && item["status"]!["restorableTo"] is not null);
        JsonObject lease = await scene.UntilAsync("leases", "lived-changelog", "held", _ => true);
        Assert.StartsWith(pod, (string?)lease["spec"]!["holderIdentity"], StringComparison.Ordinal);

        await scene.Deployments.StopAsync("lived-changelog");
        PodRun ended = await scene.UntilEndedAsync(pod);
        Assert.True(ended.ExitCode == 0, ended.Log);
        await scene.UntilAsync("leases", "lived-changelog", "released", item =>
            string.IsNullOrEmpty((string?)item["spec"]!["holderIdentity"]));

        await scene.KubectlAsync(
            "patch", "metadatabackuppolicy", "lived", "--type=merge", "-p", """{"spec":{"changeLog":null}}""");
        await scene.UntilGoneAsync("deployments", "lived-changelog");
    }

    /// <summary>A backup whose pod does not start because a Secret is missing, and then fails because the Secret has no
    /// valid content.</summary>
    private static async Task FailBackupAsync(ClusterScene scene)
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
        Assert.Single(await scene.EventsAsync("lived"), recorded => recorded.Reason == "BackupNotStarted");
    }

    private static async Task<string> BackUpWithoutClusterAsync(ClusterScene scene, SceneBucket bucket)
    {
        string output = (await scene.RunWithoutClusterAsync(
            bucket, ["backup", "--output", "json", .. EtcdArguments.Of(scene.Etcd)])).Output;
        return (string)JsonNode.Parse(output)!["id"]!;
    }
}
