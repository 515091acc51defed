using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.IntegrationTests.Archiving;
using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Pods;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;

/// <summary>What the pod of a MetadataRestore does, with a change log of a real etcd and a real API server.</summary>
[Collection(ClusterTests.Name)]
public sealed class ClusterRestoreTests(ClusterFixture fixture) : IAsyncLifetime, IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly List<string> _warnings = [];

    private ClusterScene Scene { get; set; } = null!;

    private EtcdServer Etcd { get; set; } = null!;

    private ArchivedCluster Archive { get; set; } = null!;

    public async Task InitializeAsync()
    {
        Scene = await ClusterScene.StartAsync(fixture);
        Etcd = await EtcdServer.StartAsync(new EtcdServerOptions { Series = Peers.Etcd35 });
        await Etcd.EtcdctlAsync("put", "before", "1");
        await Etcd.EtcdctlAsync("put", "before", "2");
        Archive = await ArchivedCluster.InAsync(
            EtcdServers.ConnectionTo(Etcd), Scene.RepositoryPath, Scene.PolicyName);
        await Archive.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await Archive.DisposeAsync();
        await Etcd.DisposeAsync();
        Scene.Dispose();
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_moment_is_restored_and_its_revision_is_published_with_how_certain_it_is()
    {
        await Etcd.EtcdctlAsync("put", "after", "1");
        RestoreWindow window = await UntilWindowAsync(window => window.To > window.From && window.ToRevision >= 4);
        string moment = window.To.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        await Scene.ApplyAsync(
            "MetadataRestore", "back", $"policy: {ClusterScene.Policy}, at: '{moment}', pvcName: restored");

        RestoreOutcome outcome = await RestoreAsync("back");

        long revision = outcome.Revision!.Revision;
        Assert.InRange(revision, window.FromRevision, window.ToRevision);
        JsonNode status = await StatusAsync("back");
        Assert.Equal(
            ("Completed", outcome.Manifest.Id.Value, revision, moment, outcome.Revision.Time!.IsExact),
            (
                (string?)status["restoreStatus"],
                (string?)status["snapshotId"],
                (long?)status["restoredRevision"],
                (string?)status["restoredMoment"],
                (bool?)status["restoredExactly"]));
        Assert.Contains(
            "every change that had been received by then",
            (string?)status["restoredCertainty"],
            StringComparison.Ordinal);
        Assert.Equal(
            [$"Normal RestoreSucceeded: Restore from snapshot {outcome.Manifest.Id} to revision {revision} completed"],
            await Scene.EventsAsync());
        Assert.True(File.Exists(Path.Combine(_directory["back"], RestoreRun.SnapshotFileName)));
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task A_revision_of_a_policy_and_one_of_a_record_are_restored()
    {
        await Etcd.EtcdctlAsync("put", "after", "1");
        RestoreWindow window = await UntilWindowAsync(window => window.ToRevision >= 4);
        await Scene.SyncAsync();
        await Scene.ApplyAsync(
            "MetadataRestore", "of-policy", $"policy: {ClusterScene.Policy}, revision: 4, pvcName: restored");
        await Scene.ApplyAsync(
            "MetadataRestore", "of-record", $"mbrName: mbr-{window.Bases[0].Id}, revision: 2, pvcName: restored");

        await RestoreAsync("of-policy");
        await RestoreAsync("of-record");

        JsonNode ofPolicy = await StatusAsync("of-policy");
        Assert.Equal(("Completed", 4L), ((string?)ofPolicy["restoreStatus"], (long?)ofPolicy["restoredRevision"]));
        Assert.Null(ofPolicy["restoredMoment"]);
        JsonNode ofRecord = await StatusAsync("of-record");
        Assert.Equal(("Completed", 2L), ((string?)ofRecord["restoreStatus"], (long?)ofRecord["restoredRevision"]));
        Assert.Equal("True Completed", await Scene.ReadyAsync(ClusterKinds.Restore, "of-record"));
    }

    [Fact]
    public async Task The_sync_publishes_from_when_to_when_every_second_can_be_restored()
    {
        await Scene.SyncAsync();
        Assert.Null((await Scene.StatusOfPolicyAsync())["restorableTo"]);
        await Scene.PatchAsync(ClusterKinds.Policy, ClusterScene.Policy, """{"spec":{"changeLog":{}}}""");
        RestoreWindow window = await UntilWindowAsync(window => window.To > window.From.AddSeconds(2));
        await Scene.PatchAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            $$$"""{"status":{"etcdClusterId":"{{{window.ClusterId}}}"}}""",
            "status");

        await Scene.SyncAsync();

        JsonObject status = await Scene.StatusOfPolicyAsync();
        foreach (string field in new[] { "restorableFrom", "restorableTo" })
        {
            await Scene.ApplyAsync(
                "MetadataRestore",
                field.ToLowerInvariant(),
                $"policy: {ClusterScene.Policy}, at: '{status[field]}', pvcName: restored");
            await RestoreAsync(field.ToLowerInvariant());
            Assert.Equal(
                (string?)status[field], (string?)(await StatusAsync(field.ToLowerInvariant()))["restoredMoment"]);
        }

        // A policy without a change log has none after its segments are gone.
        await Archive.StopAsync();
        await Scene.PatchAsync(ClusterKinds.Policy, ClusterScene.Policy, """{"spec":{"changeLog":null}}""");
        Directory.Delete(Path.Combine(Scene.RepositoryPath, "changelog"), recursive: true);
        await Scene.SyncAsync();
        Assert.Null((await Scene.StatusOfPolicyAsync())["restorableFrom"]);
        Assert.Null((await Scene.StatusOfPolicyAsync())["restorableTo"]);
    }

    [Fact]
    public async Task A_moment_outside_of_the_change_log_fails_with_what_it_has()
    {
        await UntilWindowAsync(_ => true);
        await Scene.ApplyAsync(
            "MetadataRestore",
            "early",
            $"policy: {ClusterScene.Policy}, at: '2020-01-01T00:00:00Z', pvcName: restored");

        BackupException failure = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync("early"));

        Assert.Equal(FailureReason.SnapshotNotFound, failure.Reason);
        JsonNode status = await StatusAsync("early");
        Assert.Equal("Failed", (string?)status["restoreStatus"]);
        Assert.Contains(
            "the repository has every second of", (string?)status["restoreErrorMessage"], StringComparison.Ordinal);
    }

    private async Task<RestoreWindow> UntilWindowAsync(Func<RestoreWindow, bool> condition)
    {
        RestoreWindow? found = null;
        await TestDeadline.UntilAsync("the window", async () =>
        {
            found = (await Archive.WindowsAsync()).SingleOrDefault(condition);
            return found is not null;
        });
        return found!;
    }

    private Task<RestoreOutcome> RestoreAsync(string name) =>
        new ClusterRestore(
            Scene.Cluster,
            (_, _) => new DirectoryObjectStore(Scene.RepositoryPath, TimeProvider.System),
            TimeProvider.System).ExecuteAsync(
                name,
                new ClaimDestination(_directory[name], new Progress<TransferProgress>()),
                _warnings.Add,
                CancellationToken.None);

    private async Task<JsonNode> StatusAsync(string name) =>
        (await Scene.GetAsync(ClusterKinds.Restore, name))["status"]!;
}
