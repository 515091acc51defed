using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>
/// The story of <c>docs/policies.md</c>, "k0rdent": a scheduled backup, an upgrade that fails, and the way back, with
/// the shipped sample. The policy backs up the etcd of its own API server.
/// </summary>
public sealed class UpgradeTests
{
    private const string Policy = "management";
    private const string Name = "management-kcm-1-0-0";
    private const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: managements.k0rdent.mirantis.com}
        spec:
          group: k0rdent.mirantis.com
          scope: Cluster
          names: {plural: managements, singular: management, kind: Management}
          versions:
          - name: v1beta1
            served: true
            storage: true
            subresources: {status: {}}
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec: {type: object, properties: {release: {type: string}}}
                  status: {type: object, properties: {release: {type: string}}}
        """;

    private static readonly IReadOnlyList<string> Sample =
        File.ReadAllText(ClusterScene.Manifest("samples/k0rdent.yaml")).Split("\n---\n");

    [Fact]
    public async Task An_upgrade_of_k0rdent_that_fails_is_undone_by_objects_or_by_etcd()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        PeerProcess controller = scene.StartController();
        SceneBucket bucket = await InstallAsync(scene);

        // Before the right is granted, the policy names it.
        await scene.UntilEventAsync(
            Policy, "Forbidden", "Grant it get, list and watch on managements.k0rdent.mirantis.com named kcm");
        await scene.GrantAsync(string.Join("\n---\n", Sample.Where(document =>
            document.Contains("kind: ClusterRole", StringComparison.Ordinal))));
        await scene.UntilAsync("metadatabackuppolicies", Policy, "watching", item =>
            ClusterScene.Condition(item, "UpgradeWatched") == "True"
            && (string?)item["status"]!["beforeUpgrade"]?["value"] == "kcm-1-0-0");
        string scheduled = await scene.BackUpAsync(Policy);

        // The upgrade changes the release, then other objects, and fails.
        await ReleaseAsync(scene, "kcm-1-1-0");
        await scene.Server.KubectlAsync("create", "configmap", "half-upgraded", "-n", "default");
        string id = await UntilBackedUpAsync(scene, scheduled);

        // 1. Find the snapshot.
        JsonNode manifest = (await bucket.ManifestsAsync())[^1];
        Assert.Equal((id, Name), ((string?)manifest["id"], (string?)manifest["name"]));
        Assert.Equal(
            "before Management kcm .spec.release went from kcm-1-0-0 to kcm-1-1-0", (string?)manifest["note"]);
        long own = (long)manifest["etcd"]!["revision"]!;
        long before = (long)manifest["restorePoint"]!["revision"]!;
        Assert.InRange(before, 1, own - 1);
        ToolResult listed = await scene.RunWithoutClusterAsync(
            bucket, "list", "-l", "kubedr.catalogicsoftware.com/before-upgrade=kcm-1-0-0", "--output", "json");
        Assert.Equal(
            [id], JsonNode.Parse(listed.Output)!.AsArray().Select(snapshot => (string)snapshot!["id"]!));

        // 2. What did the upgrade do? The same snapshot has the state before and the state after.
        ToolResult diff = await scene.RunWithoutClusterAsync(
            bucket, "objects", "diff", Name, $"{Name}@{own}", "managements.k0rdent.mirantis.com", "-o", "name");
        Assert.Equal(1, diff.ExitCode);
        Assert.Equal("management.k0rdent.mirantis.com/kcm", diff.StandardOutput.Trim());
        Assert.Contains(
            $"note: Snapshot {id} is read at its restore point, revision {before}, before Management kcm",
            diff.StandardError,
            StringComparison.Ordinal);
        Assert.Equal("kcm-1-0-0", await StoredReleaseAsync(scene, bucket, Name));
        Assert.Equal("kcm-1-1-0", await StoredReleaseAsync(scene, bucket, $"{Name}@{own}"));

        // 3. The object goes back in the running cluster. That is a change too.
        _ = (await scene.RunWithoutClusterAsync(
            bucket, "objects", "restore", Name, "managements.k0rdent.mirantis.com/kcm", "--existing", "update", "--yes",
            "--kubeconfig", scene.Server.KubeconfigFile)).Output;
        Assert.Equal("kcm-1-0-0", await RunningReleaseAsync(scene));
        await UntilBackedUpAsync(scene, id);
        Assert.Equal("management-kcm-1-1-0", (string?)(await bucket.ManifestsAsync())[^1]["name"]);
        Assert.All(
            scene.Proxy.Refusals, refusal => Assert.Contains("list managements", refusal, StringComparison.Ordinal));

        // Or the whole of etcd goes back, to before anything was changed.
        await scene.StopAsync(controller);
        await scene.Server.ReplaceEtcdAsync(async member =>
        {
            ToolResult built = await scene.RunWithoutClusterAsync(
                bucket, "restore", Name, "--data-dir", member.Directory,
                "--name", member.Name, "--initial-advertise-peer-urls", member.PeerUrl,
                "--initial-cluster", member.InitialCluster);
            Assert.Contains(
                $"{before}, the restore point of the snapshot: before Management",
                built.Output,
                StringComparison.Ordinal);
        });
        Assert.Equal("kcm-1-0-0", await RunningReleaseAsync(scene));
        Assert.Equal("", await scene.Server.KubectlAsync(
            "get", "configmap", "half-upgraded", "-n", "default", "--ignore-not-found", "-o", "name"));
    }

    [Fact]
    public async Task A_controller_that_backs_up_itself_makes_the_backup_before_an_upgrade_too()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController("--in-process");
        await scene.GrantAsync(string.Join("\n---\n", Sample.Where(document =>
            document.Contains("kind: ClusterRole", StringComparison.Ordinal))));
        SceneBucket bucket = await InstallAsync(scene);
        await scene.UntilAsync("metadatabackuppolicies", Policy, "watching", item =>
            (string?)item["status"]?["beforeUpgrade"]?["value"] == "kcm-1-0-0");

        await ReleaseAsync(scene, "kcm-1-1-0");
        await ReleaseAsync(scene, "kcm-1-2-0");

        await scene.WaitAsync("two backups", async () => (await bucket.SnapshotsAsync()).Count == 2);
        IReadOnlyList<JsonNode> manifests = await bucket.ManifestsAsync();
        Assert.Equal(
            [Name, "management-kcm-1-1-0"], manifests.Select(manifest => (string?)manifest["name"]));
        Assert.Equal("kcm-1-0-0", await StoredReleaseAsync(scene, bucket, Name));
        Assert.Equal("kcm-1-1-0", await StoredReleaseAsync(scene, bucket, "management-kcm-1-1-0"));
        Assert.Empty(await scene.ListAsync("jobs"));
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task A_restore_of_the_record_goes_to_the_restore_point_unless_another_revision_is_given()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        await scene.GrantAsync(string.Join("\n---\n", Sample.Where(document =>
            document.Contains("kind: ClusterRole", StringComparison.Ordinal))));
        SceneBucket bucket = await InstallAsync(scene);
        await scene.UntilAsync("metadatabackuppolicies", Policy, "watching", item =>
            (string?)item["status"]?["beforeUpgrade"]?["value"] == "kcm-1-0-0");
        await ReleaseAsync(scene, "kcm-1-1-0");
        string id = await UntilBackedUpAsync(scene, before: null);
        JsonNode manifest = (await bucket.ManifestsAsync())[^1];

        Assert.Equal(
            (long?)manifest["restorePoint"]!["revision"], await RestoreAsync(scene, "before", $"mbrName: mbr-{id}"));
        long own = (long)manifest["etcd"]!["revision"]!;
        Assert.Equal(own, await RestoreAsync(scene, "after", $"mbrName: mbr-{id}, revision: {own}"));
        await scene.UntilEventAsync(
            "before", "RestoreSucceeded", $"to revision {manifest["restorePoint"]!["revision"]} completed");
        scene.AssertNoRefusals();
    }

    [Fact]
    public async Task A_backup_by_hand_names_the_revision_before_a_change()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        await scene.Server.ApplyAsync(Definition);
        await scene.Server.UntilDefinitionsServedAsync();
        await ReleaseAsync(scene, "kcm-1-0-0");
        SceneBucket bucket = scene.NewBucket();
        _ = (await scene.RunWithoutClusterAsync(bucket, "init", "--unencrypted")).Output;

        string change = await scene.Server.KubectlAsync(
            "patch", "management", "kcm", "--type=merge", "-p", """{"spec":{"release":"kcm-1-1-0"}}""",
            "-o", "jsonpath={.metadata.resourceVersion}");
        long before = long.Parse(change, CultureInfo.InvariantCulture) - 1;
        ToolResult made = await scene.RunWithoutClusterAsync(
            bucket,
            [
                "backup", "--policy", "nightly", "--restore-point", $"{before}", "--reason", "before kcm-1-1-0",
                "--name-suffix", "before-kcm-1-1-0", .. EtcdArguments.Of(scene.Server.Etcd),
            ]);

        Assert.Contains($"Restore point: revision {before}, before kcm-1-1-0", made.Output, StringComparison.Ordinal);
        Assert.Equal("kcm-1-0-0", await StoredReleaseAsync(scene, bucket, "nightly-before-kcm-1-1-0"));
    }

    /// <summary>Installs k0rdent's definition and object, and the sample but for its roles and its bucket.</summary>
    private static async Task<SceneBucket> InstallAsync(ClusterScene scene)
    {
        await scene.Server.ApplyAsync(Definition);
        await scene.Server.UntilDefinitionsServedAsync();
        await ReleaseAsync(scene, "kcm-1-0-0");
        SceneBucket bucket = scene.NewBucket();
        await scene.CreateCredentialsAsync("backup-credentials");
        await scene.ApplyAsync(scene.Location("backups", bucket.Name, "backup-credentials"));
        string policy = Sample.Single(document =>
            document.Contains("kind: MetadataBackupPolicy", StringComparison.Ordinal));
        await scene.ApplyAsync(policy.Replace(
            "certsDir: /etc/kubernetes/pki",
            $"certsDir: {scene.CertsDirectory}\n  etcdEndpoint: {scene.Server.Etcd.EndpointList}",
            StringComparison.Ordinal));
        await scene.UntilReadyAsync("metadatabackuppolicies", Policy);
        return bucket;
    }

    /// <summary>Waits for another backup of the policy and for its record.</summary>
    private static async Task<string> UntilBackedUpAsync(ClusterScene scene, string? before)
    {
        JsonObject policy = await scene.UntilAsync("metadatabackuppolicies", Policy, "backed up", item =>
            (string?)item["status"]!["snapshotId"] is { } id && id != before
            && (string?)item["status"]!["backupStatus"] == "Completed"
            && item["status"]!["beforeUpgrade"]!["pending"]!.AsArray().Count == 0);
        string made = (string)policy["status"]!["snapshotId"]!;
        await scene.UntilAsync("metadatabackuprecords", $"mbr-{made}", "created", _ => true);
        return made;
    }

    /// <summary>Restores a record into a claim, and returns the revision that the status has.</summary>
    private static async Task<long?> RestoreAsync(ClusterScene scene, string name, string source)
    {
        await scene.ApplyAsync($$"""
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: {{name}} }
            spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi} } }
            ---
            apiVersion: kubedr.catalogicsoftware.com/v1alpha1
            kind: MetadataRestore
            metadata: {name: {{name}} }
            spec: { {{source}}, pvcName: {{name}} }
            """);
        JsonObject restore = await scene.UntilAsync(
            "metadatarestores",
            name,
            "ended",
            item => (string?)item["status"]?["restoreStatus"] is "Completed" or "Failed");
        Assert.True((string?)restore["status"]!["restoreStatus"] == "Completed", scene.Diagnostics());
        return (long?)restore["status"]!["restoredRevision"];
    }

    private static Task<string> ReleaseAsync(ClusterScene scene, string release) => scene.Server.ApplyAsync($$"""
        apiVersion: k0rdent.mirantis.com/v1beta1
        kind: Management
        metadata: {name: kcm}
        spec: {release: {{release}} }
        """);

    private static Task<string> RunningReleaseAsync(ClusterScene scene) =>
        scene.Server.KubectlAsync("get", "management", "kcm", "-o", "jsonpath={.spec.release}");

    private static async Task<string?> StoredReleaseAsync(ClusterScene scene, SceneBucket bucket, string snapshot)
    {
        ToolResult read = await scene.RunWithoutClusterAsync(
            bucket, "objects", "get", snapshot, "managements.k0rdent.mirantis.com/kcm", "-o", "json");
        return (string?)JsonNode.Parse(read.Output)!["spec"]!["release"];
    }
}
