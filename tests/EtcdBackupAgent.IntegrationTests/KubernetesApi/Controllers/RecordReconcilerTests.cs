using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>What happens to the snapshots of deleted records.</summary>
[Collection(ClusterTests.Name)]
public sealed class RecordReconcilerTests(ClusterFixture fixture) : ControllerTests(fixture)
{
    [Fact]
    public async Task The_snapshot_of_a_deleted_record_is_deleted_and_an_event_reports_it()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();

        await DeleteAsync(older);

        Assert.Equal([newer], await SnapshotsAsync());
        Assert.Equal([ClusterNames.RecordOf(newer.Value)], await Scene.RecordNamesAsync());
        Assert.Equal(
            [$"Normal SnapshotDeleted: Snapshot {older} was deleted with its record"],
            await Scene.EventsAsync());
    }

    [Fact]
    public async Task The_last_good_snapshot_is_kept_and_its_record_is_removed()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        await DeleteAsync(newer);

        await DeleteAsync(older);

        Assert.Equal([older], await SnapshotsAsync());
        await KeptAsync(older, "it is the last good snapshot of its policy");
    }

    [Fact]
    public async Task A_snapshot_of_another_etcd_cluster_is_kept()
    {
        await StoreTwoAsync();
        SnapshotManifest foreign = await Scene.StoreAsync(Scene.Manifest(3, cluster: 0xc2));
        await Scene.SyncAsync();

        await DeleteAsync(foreign.Id);

        Assert.Contains(foreign.Id, await SnapshotsAsync());
        await KeptAsync(foreign.Id, "it belongs to another cluster");
    }

    [Fact]
    public async Task A_snapshot_that_is_older_than_a_restore_is_deleted_with_its_record()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        Snapshot restored = await Scene.Repository.FindAsync(older.Value, CancellationToken.None);
        await new RestoreNotes(Scene.Store).AddAsync(
            new EtcdId(0xc2), restored.Manifest, "1.2.3", TimeProvider.System, CancellationToken.None);
        await Scene.StoreAsync(Scene.Manifest(3, cluster: 0xc2));
        await Scene.PublishAsync(ClusterScene.Outcome(await Scene.StoreAsync(Scene.Manifest(4, cluster: 0xc2))));
        await Scene.SyncAsync();

        await DeleteAsync(newer);

        Assert.DoesNotContain(newer, await SnapshotsAsync());
        Assert.Contains(
            $"Normal SnapshotDeleted: Snapshot {newer} was deleted with its record", await Scene.EventsAsync());
    }

    [Theory]
    [InlineData("policy", "its policy is gone")]
    [InlineData("location", "its location is gone")]
    public async Task A_snapshot_whose_policy_or_location_was_deleted_first_is_kept(string what, string why)
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        await (what == "policy"
            ? Scene.DeleteAsync(ClusterKinds.Policy, ClusterScene.Policy)
            : Scene.DeleteAsync(ClusterKinds.BackupLocation, ClusterScene.Location));

        await DeleteAsync(older);

        Assert.Equal([older, newer], await SnapshotsAsync());
        await KeptAsync(older, why);
    }

    [Fact]
    public async Task A_policy_that_waits_for_its_finalizer_counts_as_deleted()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        await Scene.PatchAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            $$$"""{"metadata":{"finalizers":["{{{ClusterNames.PolicyFinalizer}}}"]}}""");
        await Scene.DeleteAsync(ClusterKinds.Policy, ClusterScene.Policy);

        await DeleteAsync(older);

        Assert.Equal([older, newer], await SnapshotsAsync());
    }

    [Fact]
    public async Task In_a_namespace_that_is_being_deleted_snapshots_are_kept_and_finalizers_removed()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        await Scene.Server.KubectlAsync("delete", "namespace", Scene.Namespace, "--wait=false");

        await DeleteAsync(older);

        Assert.Equal([older, newer], await SnapshotsAsync());
        Assert.Equal([ClusterNames.RecordOf(newer.Value)], await Scene.RecordNamesAsync());
    }

    [Fact]
    public async Task While_the_store_is_unreachable_the_record_waits_and_one_event_gives_the_reason()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        Controllers.IsStoreUnreachable = true;
        for (int i = 0; i < 2; i++)
        {
            BackupException failure = await Assert.ThrowsAsync<BackupException>(() => DeleteAsync(older));
            Assert.Equal(FailureReason.StoreUnreachable, failure.Reason);
        }

        Assert.Contains(ClusterNames.RecordFinalizer, ObjectMetadata.Finalizers(await Scene.RecordAsync(older)));
        Assert.Equal(
            [$"Warning DeleteFailed: Snapshot {older} is not deleted yet: The store is away."],
            await Scene.EventsAsync());

        Controllers.IsStoreUnreachable = false;
        await DeleteAsync(older);
        Assert.Equal([newer], await SnapshotsAsync());
        Assert.Null(await Scene.FindRecordAsync(older));
    }

    [Fact]
    public async Task A_record_whose_snapshot_is_already_gone_is_removed()
    {
        string uid = ObjectMetadata.Uid(await Scene.PolicyAsync());
        SnapshotManifest manifest = await Scene.StoreAsync(Scene.Manifest(0, policyUid: uid));
        await Scene.SyncAsync();
        await Scene.RemoveAsync(manifest);

        await DeleteAsync(manifest.Id);

        Assert.Null(await Scene.FindRecordAsync(manifest.Id));
        Assert.Empty(await Scene.EventsAsync());
    }

    [Fact]
    public async Task A_deletion_request_is_stored_in_the_cluster_before_anything_is_deleted()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        string name = ClusterNames.RecordOf(older.Value);
        JsonObject last = await Scene.RecordAsync(older);
        await Scene.DeleteAsync(ClusterKinds.Record, name);
        Controllers.Record.Deleted(last);
        await Controllers.Record.ReconcileAsync(name, CancellationToken.None);

        JsonObject kept = await Scene.RecordAsync(older);
        Assert.True(ObjectMetadata.IsBeingDeleted(kept));
        Assert.Equal([ClusterNames.RecordFinalizer], ObjectMetadata.Finalizers(kept));
        Assert.Equal(last["spec"]!.ToJsonString(), kept["spec"]!.ToJsonString());
        Assert.Equal([older, newer], await SnapshotsAsync());

        // Another controller, which did not observe the deletion, completes it.
        await new SceneControllers(Scene).Record.ReconcileAsync(name, CancellationToken.None);
        Assert.Equal([newer], await SnapshotsAsync());
        Assert.Null(await Scene.FindRecordAsync(older));
    }

    [Fact]
    public async Task A_record_that_was_deleted_with_an_earlier_definition_keeps_its_snapshot()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        JsonObject last = await Scene.RecordAsync(older);
        last["metadata"]!["creationTimestamp"] = "2020-01-01T00:00:00Z";
        await Scene.DeleteAsync(ClusterKinds.Record, ClusterNames.RecordOf(older.Value));
        Controllers.Record.Deleted(last);

        await Controllers.Record.ReconcileAsync(ClusterNames.RecordOf(older.Value), CancellationToken.None);

        Assert.Equal([older, newer], await SnapshotsAsync());
        Assert.Null(await Scene.FindRecordAsync(older));
    }

    /// <summary>The times of Kubernetes are whole seconds: a namespace or a definition can be deleted and created again
    /// in the second in which the record was created.</summary>
    [Fact]
    public async Task A_record_that_was_deleted_with_a_namespace_of_the_same_second_keeps_its_snapshot()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        JsonObject again = (await Scene.Client.FindAsync(
            ClusterKinds.Namespace, ns: null, Scene.Namespace, CancellationToken.None))!;
        JsonObject last = await Scene.RecordAsync(older);
        last["metadata"]!["creationTimestamp"] = again["metadata"]!["creationTimestamp"]!.DeepClone();
        last["metadata"]!["resourceVersion"] = "1";
        await Scene.DeleteAsync(ClusterKinds.Record, ClusterNames.RecordOf(older.Value));
        Controllers.Record.Deleted(last);

        await Controllers.Record.ReconcileAsync(ClusterNames.RecordOf(older.Value), CancellationToken.None);

        Assert.Equal([older, newer], await SnapshotsAsync());
        await KeptAsync(older, "the namespace is being deleted or was created again");
    }

    [Fact]
    public async Task A_record_that_the_agent_removes_itself_causes_no_deletion()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        JsonObject marked = await Scene.PatchAsync(
            ClusterKinds.Record,
            ClusterNames.RecordOf(older.Value),
            $$$$"""{"metadata":{"annotations":{"{{{{ClusterNames.SnapshotGoneAnnotation}}}}":"true"}}}""");
        await Scene.DeleteAsync(ClusterKinds.Record, ClusterNames.RecordOf(older.Value));
        Controllers.Record.Deleted(marked);

        Assert.Empty(await Controllers.ReconcileAsync(Controllers.Record, ClusterNames.RecordOf(older.Value)));

        Assert.Equal([older, newer], await SnapshotsAsync());
    }

    [Fact]
    public async Task A_record_that_was_created_again_meanwhile_is_kept_with_its_snapshot()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        JsonObject last = await Scene.RecordAsync(older);
        await Scene.DeleteAsync(ClusterKinds.Record, ClusterNames.RecordOf(older.Value));
        await Scene.SyncAsync();
        Controllers.Record.Deleted(last);

        await Controllers.Record.ReconcileAsync(ClusterNames.RecordOf(older.Value), CancellationToken.None);
        await Controllers.Record.ReconcileAsync(ClusterNames.RecordOf(older.Value), CancellationToken.None);

        Assert.False(ObjectMetadata.IsBeingDeleted(await Scene.RecordAsync(older)));
        Assert.Equal([older, newer], await SnapshotsAsync());
    }

    [Fact]
    public async Task The_finalizer_of_an_older_agent_is_removed()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        await SetFinalizerAsync(older);

        await Controllers.Record.ReconcileAsync(ClusterNames.RecordOf(older.Value), CancellationToken.None);

        Assert.Empty(ObjectMetadata.Finalizers(await Scene.RecordAsync(older)));
        Assert.Equal([older, newer], await SnapshotsAsync());
    }

    [Fact]
    public async Task A_record_that_was_not_deleted_is_not_changed()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();

        Assert.Empty(await Controllers.ReconcileAsync(Controllers.Record, ClusterNames.RecordOf(older.Value)));

        Assert.Equal([older, newer], await SnapshotsAsync());
    }

    [Fact]
    public async Task The_finalizers_in_a_namespace_are_removed_only_if_it_is_being_deleted()
    {
        (SnapshotId older, SnapshotId newer) = await StoreTwoAsync();
        await SetFinalizerAsync(older);
        await Scene.PatchAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            $$$"""{"metadata":{"finalizers":["{{{ClusterNames.PolicyFinalizer}}}"]}}""");
        FinalizerRelease release = new(Scene.Cluster);

        int before = Scene.Proxy.Requests.Count;
        await release.ExecuteAsync(CancellationToken.None);
        Assert.DoesNotContain(
            Scene.RequestsSince(before),
            request => request.StartsWith("patch", StringComparison.Ordinal));

        await Scene.Server.KubectlAsync("delete", "namespace", Scene.Namespace, "--wait=false");
        await release.ExecuteAsync(CancellationToken.None);

        Assert.Empty(ObjectMetadata.Finalizers(await Scene.PolicyAsync()));
        Assert.Empty(ObjectMetadata.Finalizers(await Scene.RecordAsync(older)));
        Assert.Equal([older, newer], await SnapshotsAsync());
    }

    /// <summary>Two good snapshots of the policy, with their records.</summary>
    private async Task<(SnapshotId Older, SnapshotId Newer)> StoreTwoAsync()
    {
        string uid = ObjectMetadata.Uid(await Scene.PolicyAsync());
        SnapshotManifest older = await Scene.StoreAsync(Scene.Manifest(0, policyUid: uid));
        SnapshotManifest newer = await Scene.StoreAsync(Scene.Manifest(1, policyUid: uid));
        await Scene.SyncAsync();
        return (older.Id, newer.Id);
    }

    /// <summary>Deletes a record, reports the deletion as its watch does, and reconciles the record until nothing is
    /// left to do.</summary>
    private async Task DeleteAsync(SnapshotId id)
    {
        string name = ClusterNames.RecordOf(id.Value);
        if (await Scene.RecordAsync(id) is var record && !ObjectMetadata.IsBeingDeleted(record))
        {
            await Scene.DeleteAsync(ClusterKinds.Record, name);
            Controllers.Record.Deleted(record);
            await Controllers.Record.ReconcileAsync(name, CancellationToken.None);
        }

        await Controllers.Record.ReconcileAsync(name, CancellationToken.None);
    }

    private Task<JsonObject> SetFinalizerAsync(SnapshotId id) => Scene.PatchAsync(
        ClusterKinds.Record,
        ClusterNames.RecordOf(id.Value),
        $$$"""{"metadata":{"finalizers":["{{{ClusterNames.RecordFinalizer}}}"]}}""");

    private async Task KeptAsync(SnapshotId id, string why)
    {
        Assert.Null(await Scene.FindRecordAsync(id));
        Assert.Contains(
            await Scene.EventsAsync(),
            line =>
                line.StartsWith(
                    $"Warning SnapshotKept: Snapshot {id} stays in the repository: {why}",
                    StringComparison.Ordinal));
    }

    private async Task<SnapshotId[]> SnapshotsAsync() =>
        [
            .. (await Scene.Repository.TakeInventoryAsync(CancellationToken.None)).Snapshots.Select(snapshot =>
                snapshot.Id),
        ];
}
