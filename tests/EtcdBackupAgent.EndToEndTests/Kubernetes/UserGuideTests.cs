using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>The steps of kubedr's user guide, with the same manifests and with kubectl.</summary>
public sealed class UserGuideTests(RunningCluster cluster) : IClassFixture<RunningCluster>
{
    private readonly ClusterScene _scene = cluster.Scene;

    [Fact]
    public async Task The_user_guide_leads_from_Secrets_to_a_restored_etcd()
    {
        SceneBucket bucket = _scene.NewBucket();

        // A BackupLocation, and the Secret that it names.
        await _scene.CreateCredentialsAsync("minio-creds");
        await _scene.ApplyAsync($"""
            apiVersion: kubedr.catalogicsoftware.com/v1alpha1
            kind: BackupLocation
            metadata:
              name: remote-minio
            spec:
              url: {_scene.S3.HttpsEndpoint.GetLeftPart(UriPartial.Authority)}
              bucketName: {bucket.Name}
              credentials: minio-creds
              caCertificate: {JsonSerializer.Serialize(_scene.S3.CaCertificatePem)}
            """);
        JsonObject location = await _scene.UntilAsync(
            "backuplocations",
            "remote-minio",
            "initialised",
            item => (string?)item["status"]?["initStatus"] == "Completed");
        Assert.NotNull(location["status"]!["initTime"]);
        Assert.Equal((long)location["metadata"]!["generation"]!, (long)location["status"]!["observedGeneration"]!);
        await _scene.UntilEventAsync("remote-minio", "InitSucceeded", "is successfully initialized");
        Assert.Contains("repository.json", await bucket.KeysAsync());

        // A MetadataBackupPolicy. The agent creates a CronJob.
        await _scene.ApplyAsync($"""
            apiVersion: kubedr.catalogicsoftware.com/v1alpha1
            kind: MetadataBackupPolicy
            metadata:
              name: test-backup
            spec:
              destination: remote-minio
              certsDir: {_scene.CertsDirectory}
              etcdEndpoint: {_scene.Etcd.EndpointList}
              etcdCreds: etcd-creds # secret
              schedule: "*/10 * * * *"
              retainNumBackups: 3
            """);
        await _scene.KubectlAsync("wait", "--for=condition=Ready", "--timeout=60s", "metadatabackuppolicy/test-backup");
        CheckCronJob(
            await _scene.UntilAsync("cronjobs", "test-backup-backup-cronjob", "created", _ => true),
            (string)(await _scene.FindAsync("metadatabackuppolicies", "test-backup"))!["metadata"]!["uid"]!);

        // A backup. It is published as a MetadataBackupRecord, a status and an event.
        string id = await _scene.BackUpAsync("test-backup");
        Assert.Equal([id], await bucket.SnapshotsAsync());
        Assert.Contains(
            $"mbr-{id}",
            await _scene.KubectlAsync("get", "metadatabackuprecords"),
            StringComparison.Ordinal);
        JsonObject record = (await _scene.FindAsync("metadatabackuprecords", $"mbr-{id}"))!;
        Assert.Equal(
            ("test-backup", "remote-minio", id),
            (
                (string)record["spec"]!["policy"]!,
                (string)record["spec"]!["backuploc"]!,
                (string)record["spec"]!["snapshotId"]!));
        Assert.Null(record["metadata"]!["finalizers"]);
        await _scene.UntilEventAsync("test-backup", "BackupSucceeded", $"Backup completed, snapshot ID: {id}");
        Assert.Contains(
            $"Backup completed, snapshot ID: {id}",
            await _scene.KubectlAsync("get", "events", "-o", "jsonpath={.items[*].message}"),
            StringComparison.Ordinal);
        CheckStatus((await _scene.FindAsync("metadatabackuppolicies", "test-backup"))!, id);

        // A restore into the volume of a claim.
        await RestoreAsync(id);
    }

    /// <summary>Root without the capability to ignore file modes cannot write where only a user can.</summary>
    [Fact]
    public async Task A_restore_into_a_volume_of_a_user_runs_as_that_user()
    {
        await _scene.CreatePolicyAsync("owned", spec => spec["certsDir"] = _scene.CertsDirectory);
        string id = await _scene.BackUpAsync("owned");
        string volume = _scene.Pods.ClaimDirectory("users");
        File.SetUnixFileMode(volume, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _ = (await Tool.RunAsync(Peers.Installed("chown"), ["4711:4712", volume])).Output;
        await _scene.ApplyAsync(
            """{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"users"}}""");

        JsonNode refused = await RestoredAsync("as-root", id, "");
        JsonNode done = await RestoredAsync("as-user", id, ", securityContext: {runAsUser: 4711, runAsGroup: 4712}");

        Assert.Equal("Failed", (string?)refused["restoreStatus"]);
        Assert.Contains("Cannot restore to", (string?)refused["restoreErrorMessage"], StringComparison.Ordinal);
        Assert.True((string?)done["restoreStatus"] == "Completed", $"{done}\n{_scene.Diagnostics()}");
        string owners = (await Tool.RunAsync(Peers.Installed("find"), [volume, "-printf", "%U:%G\n"])).Output;
        Assert.Equal(["4711:4712"], owners.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct());
        Assert.True(File.Exists(Path.Combine(volume, "etcd-snapshot.db")));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(volume, "certificates"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Suspending_and_a_new_schedule_are_applied_to_the_CronJob()
    {
        await _scene.CreatePolicyAsync("paused");

        await _scene.KubectlAsync(
            "patch",
            "metadatabackuppolicy",
            "paused",
            "--type=merge",
            "-p",
            """{"spec":{"suspend":true}}""");
        await _scene.UntilAsync(
            "cronjobs",
            "paused-backup-cronjob",
            "suspended",
            item => (bool?)item["spec"]!["suspend"] == true);
        Assert.Null(await _scene.CronJobs.FireAsync("paused-backup-cronjob"));

        await _scene.KubectlAsync(
            "patch",
            "metadatabackuppolicy",
            "paused",
            "--type=merge",
            "-p",
            """{"spec":{"suspend":false}}""");
        await _scene.UntilAsync(
            "cronjobs",
            "paused-backup-cronjob",
            "resumed",
            item => (bool?)item["spec"]!["suspend"] != true);
        await _scene.BackUpAsync("paused");

        await _scene.KubectlAsync(
            "patch", "metadatabackuppolicy", "paused", "--type=merge", "-p",
            """{"spec":{"schedule":"30 4 * * 1-5","timeZone":"Europe/Berlin"}}""");
        JsonObject changed = await _scene.UntilAsync(
            "cronjobs",
            "paused-backup-cronjob",
            "changed",
            item => (string?)item["spec"]!["schedule"] == "30 4 * * 1-5");
        Assert.Equal("Europe/Berlin", (string?)changed["spec"]!["timeZone"]);
    }

    [Fact]
    public async Task Deleting_a_record_deletes_its_snapshot()
    {
        SceneBucket bucket = await _scene.CreatePolicyAsync("deleted");
        string older = await _scene.BackUpAsync("deleted");
        string newer = await _scene.BackUpAsync("deleted");

        await _scene.KubectlAsync("delete", "metadatabackuprecord", $"mbr-{older}", "--timeout=60s");

        await _scene.UntilEventAsync($"mbr-{older}", "SnapshotDeleted");
        await _scene.UntilGoneAsync("metadatabackuprecords", $"mbr-{older}");
        Assert.Equal([newer], await bucket.SnapshotsAsync());
        Assert.DoesNotContain(await bucket.KeysAsync(), key => key.Contains(older, StringComparison.Ordinal));
        Assert.NotNull(await _scene.FindAsync("metadatabackuprecords", $"mbr-{newer}"));
    }

    [Fact]
    public async Task Three_of_six_backups_are_kept_in_the_bucket_and_as_records()
    {
        SceneBucket bucket = await _scene.CreatePolicyAsync("kept", spec => spec["retainNumBackups"] = 3);
        List<string> made = [];
        for (int i = 0; i < 6; i++)
        {
            made.Add(await _scene.BackUpAsync("kept"));
        }

        Assert.Equal(made[3..], await bucket.SnapshotsAsync());
        await _scene.WaitAsync(
            "the records to be those of the snapshots",
            async () =>
                (await RecordsOfAsync("kept"))
                    .Order(StringComparer.Ordinal)
                    .SequenceEqual(made[3..].Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task A_policy_without_a_schedule_is_backed_up_once_and_on_each_request_by_annotation()
    {
        SceneBucket bucket = await _scene.CreatePolicyAsync("asked", spec => spec.Remove("schedule"));
        await UntilSnapshotsAsync(bucket, 1);
        Assert.Null(await _scene.FindAsync("cronjobs", "asked-backup-cronjob"));

        await _scene.KubectlAsync(
            "annotate",
            "metadatabackuppolicy",
            "asked",
            "kubedr.catalogicsoftware.com/backup-now=before-the-upgrade");
        await UntilSnapshotsAsync(bucket, 2);
        await _scene.UntilAsync(
            "metadatabackuppolicies", "asked", "updated with the annotation",
            item => (string?)item["status"]?["lastBackupNow"] == "before-the-upgrade");

        // The same value requests nothing; another value does.
        await _scene.KubectlAsync("label", "metadatabackuppolicy", "asked", "touched=yes");
        await _scene.KubectlAsync(
            "annotate",
            "--overwrite",
            "metadatabackuppolicy",
            "asked",
            "kubedr.catalogicsoftware.com/backup-now=after-the-upgrade");
        await UntilSnapshotsAsync(bucket, 3);
        await _scene.UntilAsync(
            "metadatabackuppolicies", "asked", "updated with the annotation",
            item => (string?)item["status"]?["lastBackupNow"] == "after-the-upgrade");
        Assert.Equal(
            [null, "before-the-upgrade", "after-the-upgrade"],
            (await bucket.ManifestsAsync()).Select(manifest => (string?)manifest["note"]));
    }

    private static void CheckCronJob(JsonObject cronJob, string policyUid)
    {
        JsonNode spec = cronJob["spec"]!;
        Assert.Equal("*/10 * * * *", (string?)spec["schedule"]);
        Assert.Equal("Forbid", (string?)spec["concurrencyPolicy"]);
        foreach (
            JsonNode metadata in new[]
            {
                cronJob["metadata"]!,
                spec["jobTemplate"]!["metadata"]!,
                spec["jobTemplate"]!["spec"]!["template"]!["metadata"]!,
            })
        {
            Assert.Equal("backup", (string?)metadata["labels"]!["kubedr.type"]);
            Assert.Equal("test-backup", (string?)metadata["labels"]!["kubedr.backup-policy"]);
        }

        JsonNode owner = Assert.Single((JsonArray)cronJob["metadata"]!["ownerReferences"]!)!;
        Assert.Equal(("MetadataBackupPolicy", policyUid), ((string?)owner["kind"], (string?)owner["uid"]));
    }

    private void CheckStatus(JsonObject policy, string id)
    {
        JsonNode status = policy["status"]!;
        Assert.Equal("Completed", (string?)status["backupStatus"]);
        Assert.Equal($"mbr-{id}", (string?)status["mbrName"]);
        Assert.Equal("True", ClusterScene.Condition(policy, "BackupSucceeded"));
        Assert.Equal(2, (long?)status["filesNew"]);
        Assert.Equal(0, (long?)status["filesChanged"]);
        Assert.InRange((long)status["dataAdded"]!, 1_000_000, long.MaxValue);
        Assert.InRange((long)status["totalBytesProcessed"]!, (long)status["dataAdded"]!, long.MaxValue);
        Assert.InRange(
            double.Parse((string)status["totalDurationSecs"]!, System.Globalization.CultureInfo.InvariantCulture),
            0,
            60);
        Assert.Contains(_scene.Pods.Ended, pod => pod.Pod == (string?)status["backupPod"]);
        Assert.NotNull(status["backupTime"]);
        Assert.NotNull(status["lastSuccessTime"]);
        Assert.NotNull(status["etcdClusterId"]);
        // A merge patch removes it, or it never existed: kubectl must not show an old error.
        Assert.True(string.IsNullOrEmpty((string?)status["backupErrorMessage"]));
    }

    /// <returns>The status of a restore that has ended.</returns>
    private async Task<JsonNode> RestoredAsync(string name, string id, string more)
    {
        await _scene.ApplyAsync($$"""
            apiVersion: kubedr.catalogicsoftware.com/v1alpha1
            kind: MetadataRestore
            metadata: {name: {{name}}}
            spec: {mbrName: mbr-{{id}}, pvcName: users{{more}}}
            """);
        JsonObject restore = await _scene.UntilAsync(
            "metadatarestores",
            name,
            "ended",
            item => (string?)item["status"]?["restoreStatus"] is "Completed" or "Failed");
        return restore["status"]!;
    }

    private async Task RestoreAsync(string id)
    {
        await _scene.ApplyAsync($"""
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata:
              name: restored
            spec:
              accessModes: [ReadWriteOnce]
              resources: {"{requests: {storage: 1Gi}}"}
            ---
            apiVersion: kubedr.catalogicsoftware.com/v1alpha1
            kind: MetadataRestore
            metadata:
              name: restore-test
            spec:
              mbrName: mbr-{id}
              pvcName: restored
            """);
        JsonObject restore = await _scene.UntilAsync(
            "metadatarestores",
            "restore-test",
            "completed",
            item => (string?)item["status"]?["restoreStatus"] is "Completed" or "Failed");
        Assert.True((string?)restore["status"]!["restoreStatus"] == "Completed", $"{restore}\n{_scene.Diagnostics()}");
        Assert.NotNull(restore["status"]!["restoreTime"]);
        Assert.Equal(id, (string?)restore["status"]!["snapshotId"]);
        Assert.Equal(100, (long?)restore["status"]!["progressPercent"]);
        await _scene.UntilEventAsync("restore-test", "RestoreSucceeded", $"Restore from snapshot {id} completed");

        string volume = _scene.Pods.ClaimDirectory("restored");
        Assert.Equal(TestTree.Describe(_scene.CertsDirectory), TestTree.Describe(Path.Combine(volume, "certificates")));
        await using EtcdServer booted = await EtcdServer.StartAsync(new EtcdServerOptions
        {
            Series = SharedServers.Series("3.5"),
            SnapshotFile = Path.Combine(volume, "etcd-snapshot.db"),
        });
        Assert.Equal(await EtcdContent.ReadAsync(_scene.Etcd), await EtcdContent.ReadAsync(booted));
    }

    private async Task<IReadOnlyList<string>> RecordsOfAsync(string policy) =>
    [
        .. (await _scene.ListAsync("metadatabackuprecords"))
            .Where(record => (string?)record["spec"]!["policy"] == policy)
            .Select(record => (string)record["spec"]!["snapshotId"]!),
    ];

    private Task UntilSnapshotsAsync(SceneBucket bucket, int count) => _scene.WaitAsync(
        $"{count} snapshots in {bucket.Name}", async () => (await bucket.SnapshotsAsync()).Count >= count);
}
