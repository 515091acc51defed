using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.Kubernetes.Objects;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>Objects that are deleted and created again with their name before the controller reconciles them: each is a
/// new object, independent of the first.</summary>
[Collection(ClusterTests.Name)]
public sealed class RecreatedObjectTests(ClusterFixture fixture) : ControllerTests(fixture)
{
    [Fact]
    public async Task A_recreated_restore_gets_its_own_Job()
    {
        SnapshotManifest manifest = await Scene.StoreAsync(Scene.Manifest(0));
        await Scene.SyncAsync();
        await Scene.Server.ApplyAsync($$"""
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: restored, namespace: "{{Scene.Namespace}}"}
            spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi} } }
            """);
        await ApplyRestoreAsync(manifest);
        await Controllers.ReconcileAsync(Controllers.Restore, "again");
        JsonObject first = Assert.Single(await Scene.JobsAsync());
        await Scene.EndAsync(ObjectMetadata.Name(first), isSuccess: true);

        await Scene.DeleteAsync(ClusterKinds.Restore, "again");
        await ApplyRestoreAsync(manifest);
        await Controllers.ReconcileAsync(Controllers.Restore, "again");

        JsonObject second = Assert.Single(
            await Scene.JobsAsync(), job => ObjectMetadata.Name(job) != ObjectMetadata.Name(first));
        JsonObject restore = await Scene.GetAsync(ClusterKinds.Restore, "again");
        Assert.Equal(ObjectMetadata.Uid(restore), (string?)second["metadata"]!["ownerReferences"]![0]!["uid"]);
        Assert.Null(restore["status"]!["restoreStatus"]);
    }

    [Fact]
    public async Task A_recreated_policy_is_backed_up_again_and_its_annotation_counts_again()
    {
        await Controllers.ReconcileAsync(Controllers.Location, ClusterScene.Location);
        for (int jobs = 2; jobs <= 4; jobs += 2)
        {
            await Scene.ApplyAsync(
                "MetadataBackupPolicy",
                "again",
                $"destination: {ClusterScene.Location}, etcdEndpoint: http://127.0.0.1:2379");
            await Scene.PatchAsync(
                ClusterKinds.Policy,
                "again",
                $$$$"""{"metadata":{"annotations":{"{{{{ClusterNames.BackupNowAnnotation}}}}":"now"}}}""");
            await Controllers.ReconcileAsync(Controllers.Policy, "again");

            // The first backup of a policy without a schedule, and the one that the annotation requests.
            Assert.Equal(jobs, (await Scene.JobsAsync()).Count);
            await Scene.DeleteAsync(ClusterKinds.Policy, "again");
        }
    }

    private Task<string> ApplyRestoreAsync(SnapshotManifest manifest) =>
        Scene.ApplyAsync("MetadataRestore", "again", $"mbrName: mbr-{manifest.Id}, pvcName: restored");
}
