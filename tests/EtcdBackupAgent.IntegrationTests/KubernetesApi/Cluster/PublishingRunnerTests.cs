using System.Text.Json.Nodes;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Observability.Metrics;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Worker;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;

/// <summary>A worker that makes the backups of a cluster's policies itself publishes them as a pod does.</summary>
[Collection(ClusterTests.Name)]
public sealed class PublishingRunnerTests(ClusterFixture fixture)
{
    [Fact]
    public async Task A_backup_of_the_worker_is_published_whether_it_succeeds_or_fails()
    {
        using ClusterScene scene = await ClusterScene.StartAsync(fixture);
        using AgentMetrics metrics = new("1.2.3", TimeProvider.System);
        PolicyRunner runner = new(
            new Wiring(TimeProvider.System).BackupParts(ScratchSpace.None, NullLoggerFactory.Instance),
            new LocationStatusPins(scene.Client),
            metrics,
            NullLogger<PolicyRunner>.Instance)
        {
            Publisher = new Publisher(scene.Client, "worker-1", TimeProvider.System),
        };
        await using EtcdServer etcd = await EtcdServer.StartAsync(new EtcdServerOptions { Series = Peers.Etcd35 });

        await BackUpAsync(scene, runner, etcd.EndpointList);

        JsonObject succeeded = await scene.StatusOfPolicyAsync();
        string id = (string)succeeded["snapshotId"]!;
        Assert.Equal(("Completed", "worker-1"), ((string?)succeeded["backupStatus"], (string?)succeeded["backupPod"]));
        Snapshot stored = await scene.Repository.FindAsync(id, CancellationToken.None);
        Assert.Equal(ObjectMetadata.Uid(await scene.PolicyAsync()), stored.Manifest.PolicyUid);
        Assert.Equal([$"mbr-{id}"], await scene.RecordNamesAsync());

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => BackUpAsync(scene, runner, "http://127.0.0.1:1"));

        Assert.Equal(FailureReason.EtcdUnreachable, failure.Reason);
        JsonObject failed = await scene.StatusOfPolicyAsync();
        Assert.Equal(("Failed", id), ((string?)failed["backupStatus"], (string?)failed["snapshotId"]));
        Assert.Equal(
            ["Normal BackupSucceeded", "Warning BackupFailed"],
            (await scene.EventsAsync()).Select(line => line.Split(':')[0]).Order(StringComparer.Ordinal));
    }

    private static async Task BackUpAsync(ClusterScene scene, PolicyRunner runner, string endpoints)
    {
        await scene.ApplyAsync(
            "MetadataBackupPolicy", ClusterScene.Policy, $"destination: disk, etcdEndpoint: '{endpoints}'");
        ResourceSet resources = await new ClusterResourceStore(scene.Cluster).LoadAsync(CancellationToken.None);
        await runner.BackUpAsync(
            resources.Policies[scene.PolicyName], resources, BackupOccasion.Scheduled, CancellationToken.None);
    }
}
