using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;
using EtcdBackupAgent.Kubernetes.Catalogue;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;

/// <summary>The records of a cluster are made to match the repository, which is only read.</summary>
[Collection(ClusterTests.Name)]
public sealed class CatalogueSyncTests(ClusterFixture fixture) : IAsyncLifetime
{
    private ClusterScene Scene { get; set; } = null!;

    public async Task InitializeAsync() => Scene = await ClusterScene.StartAsync(fixture);

    public Task DisposeAsync()
    {
        Scene.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task An_empty_cluster_gets_everything_from_the_repository()
    {
        string uid = ObjectMetadata.Uid(await Scene.PolicyAsync());
        SnapshotManifest proved = await Scene.StoreAsync(Scene.Manifest(0, policyUid: uid), VerificationResult.Sound);
        SnapshotManifest newest = await Scene.StoreAsync(Scene.Manifest(1, policyUid: uid));

        CatalogueReport report = await Scene.SyncAsync();

        Assert.Equal((2, 0, 0, 2), (report.Created, report.Changed, report.Removed, report.Complete));
        JsonObject record = await Scene.RecordAsync(proved.Id);
        Assert.Equal(
            ("Sound", "2026-01-01T01:00:05Z"),
            ((string?)record["status"]!["verified"], (string?)record["status"]!["verifiedAt"]));
        Assert.Equal("2026-01-01T00:00:12Z", (string?)record["status"]!["completedAt"]);
        Assert.False(new RecordObject(record).IsForeign);
        JsonObject policy = await Scene.StatusOfPolicyAsync();
        Assert.Equal(
            ("Completed", $"{newest.Id}", "2026-01-01T01:00:12Z", "2026-01-01T01:00:05Z", "c1", null),
            ((string?)policy["backupStatus"], (string?)policy["snapshotId"], (string?)policy["lastSuccessTime"],
                (string?)policy["verifiedTime"], (string?)policy["etcdClusterId"], (string?)policy["backupPod"]));
        JsonNode location = (await Scene.LocationAsync())["status"]!;
        Assert.Equal((2, 8192), ((int)location["snapshots"]!, (int)location["storedBytes"]!));
        Assert.NotNull(location["lastSyncTime"]);
    }

    [Fact]
    public async Task A_sync_without_changes_sends_three_requests_and_writes_only_its_time()
    {
        for (int i = 0; i < 5; i++)
        {
            await Scene.StoreAsync(Scene.Manifest(i));
        }

        await Scene.SyncAsync(new ShiftedTime(SampleSnapshots.NewYear));
        int before = Scene.Proxy.Requests.Count;
        CatalogueReport report = await Scene.SyncAsync();

        Assert.Equal((0, 0, 0), (report.Created, report.Changed, report.Removed));
        // The first two requests read the resources.
        Assert.Equal(
            [
                "list backuplocations",
                "list metadatabackuppolicies",
                "list metadatabackuprecords",
                "list metadatabackuppolicies",
                "get backuplocations",
                "patch backuplocations/status",
            ],
            Scene.RequestsSince(before));
    }

    [Fact]
    public async Task A_later_verification_of_a_snapshot_is_added_to_its_record()
    {
        SnapshotManifest manifest = await Scene.StoreAsync(Scene.Manifest(0));
        await Scene.SyncAsync();
        Snapshot stored = await Scene.Repository.FindAsync(manifest.Id.Value, CancellationToken.None);
        await Scene.Repository.AddVerificationAsync(
            stored.Folder,
            SampleSnapshots.Verification(stored.Manifest, VerificationResult.Damaged),
            CancellationToken.None);

        CatalogueReport report = await Scene.SyncAsync();

        Assert.Equal((0, 1), (report.Created, report.Changed));
        Assert.Equal("Damaged", (string?)(await Scene.RecordAsync(manifest.Id))["status"]!["verified"]);
    }

    [Fact]
    public async Task Records_without_a_snapshot_are_removed_and_no_object_of_the_store_is()
    {
        SnapshotManifest gone = await Scene.StoreAsync(Scene.Manifest(0));
        SnapshotManifest kept = await Scene.StoreAsync(Scene.Manifest(1));
        await Scene.SyncAsync();
        await Scene.ApplyAsync(
            "MetadataBackupRecord",
            "mbr-0000000a",
            "snapshotId: 0000000a, policy: nightly, backuploc: other");
        await Scene.RemoveAsync(gone);
        string[] before = Objects();

        CatalogueReport report = await Scene.SyncAsync();

        Assert.Equal(1, report.Removed);
        Assert.Equal(
            new[] { $"mbr-{kept.Id}", "mbr-0000000a" }.Order(StringComparer.Ordinal),
            (await Scene.RecordNamesAsync()).Order(StringComparer.Ordinal));
        Assert.Equal(before, Objects());
    }

    [Fact]
    public async Task A_record_that_is_being_deleted_is_not_removed()
    {
        SnapshotManifest gone = await Scene.StoreAsync(Scene.Manifest(0));
        await Scene.SyncAsync();
        await Scene.PatchAsync(
            ClusterKinds.Record,
            $"mbr-{gone.Id}",
            $$$"""{"metadata":{"finalizers":["{{{ClusterNames.RecordFinalizer}}}"]}}""");
        await Scene.Server.KubectlAsync(
            "-n", Scene.Namespace, "delete", "metadatabackuprecords", $"mbr-{gone.Id}", "--wait=false");
        await Scene.RemoveAsync(gone);

        Assert.Equal(0, (await Scene.SyncAsync()).Removed);
        Assert.NotNull(await Scene.FindRecordAsync(gone.Id));
    }

    [Fact]
    public async Task A_record_whose_deletion_was_observed_is_not_created_again()
    {
        SnapshotManifest manifest = await Scene.StoreAsync(Scene.Manifest(0));
        await Scene.SyncAsync();
        await Scene.DeleteAsync(ClusterKinds.Record, $"mbr-{manifest.Id}");

        Assert.Equal(0, (await Scene.SyncAsync(isAwaitingDeletion: name => name == $"mbr-{manifest.Id}")).Created);
        Assert.Null(await Scene.FindRecordAsync(manifest.Id));

        Assert.Equal(1, (await Scene.SyncAsync()).Created);
    }

    [Fact]
    public async Task A_record_that_is_created_during_a_sync_is_not_stale()
    {
        SnapshotManifest young = Scene.Manifest(5);
        CatalogueSync sync = new(
            Scene.Client,
            (_, _) =>
            {
                // The records are already listed. The inventory is taken later, and does not contain this snapshot.
                Scene.PublishAsync(ClusterScene.Outcome(young)).GetAwaiter().GetResult();
                return new DirectoryObjectStore(Scene.RepositoryPath, TimeProvider.System);
            },
            TimeProvider.System);
        ResourceSet resources = await new ClusterResourceStore(Scene.Cluster).LoadAsync(CancellationToken.None);

        CatalogueReport report = await sync.ExecuteAsync(
            resources.Locations.Values.Single(),
            resources,
            CancellationToken.None);

        Assert.Equal(0, report.Removed);
        Assert.NotNull(await Scene.FindRecordAsync(young.Id));
    }

    [Fact]
    public async Task A_repository_that_cannot_be_read_changes_nothing()
    {
        SnapshotManifest manifest = await Scene.StoreAsync(Scene.Manifest(0));
        await Scene.SyncAsync();
        string status = (await Scene.LocationAsync())["status"]!.ToJsonString();
        Directory.Move(Scene.RepositoryPath, $"{Scene.RepositoryPath}-elsewhere");

        BackupException gone = await Assert.ThrowsAsync<BackupException>(() => Scene.SyncAsync());
        Directory.Move($"{Scene.RepositoryPath}-elsewhere", Scene.RepositoryPath);

        Assert.Equal(FailureReason.RepositoryNotFound, gone.Reason);
        Assert.NotNull(await Scene.FindRecordAsync(manifest.Id));
        Assert.Equal(status, (await Scene.LocationAsync())["status"]!.ToJsonString());
    }

    [Fact]
    public async Task A_repository_other_than_the_pinned_one_changes_nothing()
    {
        SnapshotManifest manifest = await Scene.StoreAsync(Scene.Manifest(0));
        await Scene.SyncAsync();
        await new LocationStatusPins(Scene.Client).WriteAsync(
            new ResourceName(Scene.Namespace, ClusterScene.Location),
            new PinnedRecipients { RepositoryId = "another", Recipients = [], PinnedAt = SampleSnapshots.NewYear },
            CancellationToken.None);
        await Scene.RemoveAsync(manifest);

        BackupException refused = await Assert.ThrowsAsync<BackupException>(() => Scene.SyncAsync());

        Assert.Equal(FailureReason.ProtectionChanged, refused.Reason);
        Assert.NotNull(await Scene.FindRecordAsync(manifest.Id));
    }

    [Fact]
    public async Task The_record_of_a_snapshot_with_a_damaged_manifest_is_kept()
    {
        SnapshotManifest manifest = await Scene.StoreAsync(Scene.Manifest(0));
        await Scene.SyncAsync();
        string file = Path.Combine(
            Scene.RepositoryPath,
            new SnapshotFolder(manifest.StartedAt, manifest.Id).ManifestKey.Value);
        await File.WriteAllTextAsync(file, "{}");

        Assert.Equal(0, (await Scene.SyncAsync()).Removed);
        Assert.NotNull(await Scene.FindRecordAsync(manifest.Id));
    }

    [Fact]
    public async Task Foreign_snapshots_are_marked_until_they_are_known_to_be_own()
    {
        SnapshotManifest ofCluster = await Scene.StoreAsync(Scene.Manifest(0, cluster: 0xf0));
        SnapshotManifest ofPolicy = await Scene.StoreAsync(Scene.Manifest(1, policy: "of-another-cluster"));
        SnapshotManifest own = await Scene.StoreAsync(Scene.Manifest(2));

        // It is not known yet that the third is of this cluster: there is no uid and no earlier backup.
        await Scene.SyncAsync();
        Assert.True(new RecordObject(await Scene.RecordAsync(own.Id)).IsForeign);
        Assert.Null((await Scene.StatusOfPolicyAsync())["lastSuccessTime"]);

        await Scene.PublishAsync(ClusterScene.Outcome(await Scene.StoreAsync(Scene.Manifest(3))));
        await Scene.SyncAsync();

        Assert.False(new RecordObject(await Scene.RecordAsync(own.Id)).IsForeign);
        Assert.True(new RecordObject(await Scene.RecordAsync(ofCluster.Id)).IsForeign);
        Assert.True(new RecordObject(await Scene.RecordAsync(ofPolicy.Id)).IsForeign);
        Assert.Equal("of-another-cluster", (string?)(await Scene.RecordAsync(ofPolicy.Id))["spec"]!["policy"]);
    }

    [Fact]
    public async Task After_a_restore_with_a_note_the_older_snapshots_are_not_foreign()
    {
        SnapshotManifest restored = await Scene.StoreAsync(Scene.Manifest(0));
        SnapshotManifest left = await Scene.StoreAsync(Scene.Manifest(1));
        SnapshotManifest other = await Scene.StoreAsync(Scene.Manifest(1, cluster: 0xf0));
        await new RestoreNotes(Scene.Store).AddAsync(
            new EtcdId(0xc2), restored, "1.2.3", TimeProvider.System, CancellationToken.None);
        await Scene.PublishAsync(ClusterScene.Outcome(await Scene.StoreAsync(Scene.Manifest(2, cluster: 0xc2))));

        await Scene.SyncAsync();

        Assert.Equal("c2", (string?)(await Scene.StatusOfPolicyAsync())["etcdClusterId"]);
        Assert.False(new RecordObject(await Scene.RecordAsync(restored.Id)).IsForeign);
        Assert.False(new RecordObject(await Scene.RecordAsync(left.Id)).IsForeign);
        Assert.True(new RecordObject(await Scene.RecordAsync(other.Id)).IsForeign);
    }

    [Fact]
    public async Task Snapshots_from_the_future_are_counted_in_both_statuses_and_are_not_a_success()
    {
        SnapshotManifest known = await Scene.StoreAsync(Scene.Manifest(1));
        await Scene.PublishAsync(ClusterScene.Outcome(known));
        await Scene.StoreAsync(Scene.Manifest(24 * 365 * 50));

        await Scene.SyncAsync();

        JsonObject policy = await Scene.StatusOfPolicyAsync();
        Assert.Equal(($"{known.Id}", 1L), ((string?)policy["snapshotId"], (long?)policy["futureSnapshots"]));
        Assert.Equal(1L, (long?)(await Scene.LocationAsync())["status"]!["futureSnapshots"]);
    }

    [Fact]
    public async Task Newer_backups_are_added_to_the_status_of_the_policy_and_older_ones_are_not()
    {
        SnapshotManifest known = await Scene.StoreAsync(Scene.Manifest(1));
        await Scene.PublishAsync(ClusterScene.Outcome(known));
        await Scene.StoreAsync(Scene.Manifest(0));
        await Scene.StoreAsync(Scene.Manifest(9, cluster: 0xf0));
        await Scene.SyncAsync();
        Assert.Equal($"{known.Id}", (string?)(await Scene.StatusOfPolicyAsync())["snapshotId"]);

        SnapshotManifest newer = await Scene.StoreAsync(Scene.Manifest(2));
        await Scene.SyncAsync();

        JsonObject status = await Scene.StatusOfPolicyAsync();
        Assert.Equal(
            ($"{newer.Id}", "2026-01-01T02:00:12Z"),
            ((string?)status["snapshotId"], (string?)status["backupTime"]));
    }

    [Fact]
    public async Task The_status_of_a_policy_that_verifies_counts_only_verified_backups()
    {
        using ClusterScene scene = await ClusterScene.StartAsync(fixture, "verify: AfterBackup");
        SnapshotManifest known = await scene.StoreAsync(scene.Manifest(0), VerificationResult.Sound);
        await scene.PublishAsync(ClusterScene.Outcome(known));
        await scene.StoreAsync(scene.Manifest(2));

        await scene.SyncAsync();
        Assert.Equal($"{known.Id}", (string?)(await scene.StatusOfPolicyAsync())["snapshotId"]);

        SnapshotManifest proved = await scene.StoreAsync(scene.Manifest(3), VerificationResult.Sound);
        await scene.SyncAsync();
        Assert.Equal($"{proved.Id}", (string?)(await scene.StatusOfPolicyAsync())["snapshotId"]);
    }

    [Fact]
    public async Task A_record_of_a_copy_of_the_bucket_keeps_its_name()
    {
        SnapshotManifest manifest = await Scene.StoreAsync(Scene.Manifest(0));
        await Scene.ApplyAsync(
            "MetadataBackupRecord",
            $"mbr-{manifest.Id}",
            $"snapshotId: '{manifest.Id}', policy: nightly, backuploc: the-copy");

        CatalogueReport report = await Scene.SyncAsync();

        Assert.Equal([manifest.Id], report.NameTaken);
        Assert.Equal("the-copy", (string?)(await Scene.RecordAsync(manifest.Id))["spec"]!["backuploc"]);
    }

    [Fact]
    public async Task A_sync_that_a_killed_server_interrupted_is_completed_by_the_next_sync()
    {
        const int count = 40;
        for (int i = 0; i < count; i++)
        {
            await Scene.StoreAsync(Scene.Manifest(i));
        }

        // Several records are created in parallel. The server is killed in the middle: no later record can be created.
        int created = 0;
        Scene.Proxy.Add(
            new ProxyFault
            {
                Of = r =>
                    r.Namespace == Scene.Namespace
                    && r.Verb == "create"
                    && Interlocked.Increment(ref created) == count / 2,
                Hold = _ => Scene.Server.KillAsync(),
                Times = 1,
            });
        BackupException interrupted = await Assert.ThrowsAsync<BackupException>(() => Scene.SyncAsync());
        await Scene.Server.RestartAsync();

        Assert.Contains(
            interrupted.Reason, (FailureReason[])[FailureReason.KubernetesUnreachable, FailureReason.KubernetesFailed]);
        int made = (await Scene.RecordNamesAsync()).Length;
        Assert.InRange(made, 1, count - 1);
        Assert.Equal(count - made, (await Scene.SyncAsync()).Created);
        Assert.Equal(count, (await Scene.RecordNamesAsync()).Length);
    }

    private string[] Objects() =>
    [
        .. Directory.EnumerateFiles(Scene.RepositoryPath, "*", SearchOption.AllDirectories)
            .Select(path => string.Create(CultureInfo.InvariantCulture, $"{path} {new FileInfo(path).Length}"))
            .Order(StringComparer.Ordinal),
    ];
}
