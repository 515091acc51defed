using System.Net;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>All controllers running on a real API server, with failures of the server.</summary>
[Collection(ClusterTests.Name)]
public sealed class RunningControllersTests(ClusterFixture fixture) : ControllerTests(fixture, "schedule: '0 * * * *'")
{
    /// <summary>The number of polls without a request after which controllers count as idle.</summary>
    private const int QuietPolls = 40;

    /// <summary>The stored bytes of a snapshot of the scene.</summary>
    private const long StoredBytes = 4096;

    /// <summary>How often the server fails in each way.</summary>
    private const int Faults = 6;

    [Fact]
    public async Task Everything_becomes_ready_and_then_only_watches_are_opened()
    {
        await using RunningControllers running = Controllers.Start();
        await UntilReadyAsync(ClusterScene.Policy);
        await running.Synced;
        await UntilQuietAsync();

        int before = Scene.Proxy.Requests.Count;
        int cut = Scene.Proxy.CutWatches();
        await TestDeadline.UntilAsync(
            "the watches to be open again",
            () =>
                Task.FromResult(
                    Scene.RequestsSince(before).Count(request => request.StartsWith("watch", StringComparison.Ordinal))
                        >= cut));

        Assert.Equal(running.WatchesCount, cut);
        Assert.DoesNotContain(
            Scene.RequestsSince(before),
            request => !request.StartsWith("watch", StringComparison.Ordinal));
        Assert.Equal(cut, Controllers.Log.Count("was interrupted"));
        Assert.Equal(0, Controllers.Log.Count("Failed to reconcile"));
        Assert.True(Controllers.Measured.Of(ClusterKinds.Policy.Kind, ReconcileResult.Succeeded) > 0);
        Assert.Equal(0, Controllers.Measured.Waiting);
    }

    [Fact]
    public async Task An_object_that_validation_rejects_is_applied_again_only_after_the_policy_changes()
    {
        bool isValid = false;
        Scene.Proxy.Add(new ProxyFault
        {
            Of = request => !isValid && request.Namespace == Scene.Namespace
                && request is { Resource: "cronjobs", Verb: "patch" },
            Answer = HttpStatusCode.UnprocessableEntity,
            Field = "metadata.name",
        });
        await using RunningControllers running = Controllers.Start();

        await Scene.UntilAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            "refused",
            item => SceneObjects.Condition(item, "Ready") == "False Refused");
        await UntilQuietAsync();
        Assert.Equal(1, Controllers.Log.Count("not retrying until something changes"));
        Assert.Equal(0, Controllers.Log.Count("retrying in"));
        Assert.True(Controllers.Measured.Of(ClusterKinds.Policy.Kind, ReconcileResult.Terminal) > 0);

        isValid = true;
        await Scene.PatchAsync(ClusterKinds.Policy, ClusterScene.Policy, """{"spec":{"retainNumBackups":7}}""");
        await UntilReadyAsync(ClusterScene.Policy);
    }

    [Fact]
    public async Task A_location_that_is_created_after_its_policy_makes_the_policy_ready()
    {
        await using RunningControllers running = Controllers.Start();
        await Scene.ApplyAsync(
            "MetadataBackupPolicy",
            "early",
            "destination: late, etcdEndpoint: http://127.0.0.1:2379, schedule: '0 * * * *'");
        await Scene.UntilAsync(
            ClusterKinds.Policy,
            "early",
            "not ready",
            item => SceneObjects.Condition(item, "Ready") == "False Invalid");

        await Scene.ApplyAsync("BackupLocation", "late", $"url: file://{Scene.RepositoryPath}, encryption: None");

        await UntilReadyAsync("early");
        Assert.NotNull(await Scene.FindAsync(ClusterKinds.CronJob, "early-backup-cronjob"));
    }

    [Fact]
    public async Task A_deleted_CronJob_is_created_again()
    {
        await using RunningControllers running = Controllers.Start();
        await UntilReadyAsync(ClusterScene.Policy);
        string uid = ObjectMetadata.Uid(await Scene.GetAsync(ClusterKinds.CronJob, "nightly-backup-cronjob"));

        await Scene.DeleteAsync(ClusterKinds.CronJob, "nightly-backup-cronjob");

        await Scene.UntilAsync(
            ClusterKinds.CronJob, "nightly-backup-cronjob", "created again", item => ObjectMetadata.Uid(item) != uid);
    }

    [Fact]
    public async Task Conflicts_and_errors_of_the_server_are_overcome()
    {
        ProxyFault conflicts = Scene.Proxy.Add(new ProxyFault
        {
            Of = request => request.Namespace == Scene.Namespace && request.Verb == "patch",
            Answer = HttpStatusCode.Conflict,
            Times = Faults,
        });
        ProxyFault errors = Scene.Proxy.Add(new ProxyFault
        {
            Of = request => request.Namespace == Scene.Namespace && request.Verb is "get" or "list",
            Answer = HttpStatusCode.InternalServerError,
            Times = Faults,
        });

        await using RunningControllers running = Controllers.Start();
        // The requests of the test go through the same proxy, and must not get any of the faults.
        await TestDeadline.UntilAsync(
            "all faults to be over", () => Task.FromResult(conflicts.Hits == Faults && errors.Hits == Faults));
        await UntilReadyAsync(ClusterScene.Policy);

        Assert.Equal(0, Controllers.Log.Count("unexpected error"));
    }

    [Fact]
    public async Task Two_controllers_at_the_same_time_create_one_Job_for_each_request()
    {
        await Scene.PatchAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            $$$$"""{"spec":{"schedule":null},"metadata":{"annotations":{"{{{{ClusterNames.BackupNowAnnotation}}}}":"now"}}}"""
        );
        SceneControllers another = new(Scene);

        await using RunningControllers first = Controllers.Start();
        await using RunningControllers second = another.Start();
        await Scene.UntilAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            "backed up on request",
            item => (string?)item["status"]?["lastBackupNow"] == "now");
        await UntilQuietAsync();

        Assert.Equal(2, (await Scene.JobsAsync()).Count);
        Assert.Equal(
            2, Controllers.Log.Count("was created for nightly") + another.Log.Count("was created for nightly"));
    }

    [Fact]
    public async Task Watching_continues_after_the_server_was_killed_and_restarted()
    {
        await using RunningControllers running = Controllers.Start();
        await UntilReadyAsync(ClusterScene.Policy);

        await Scene.Server.KillAsync();
        await TestDeadline.UntilAsync(
            "the outage to be noticed",
            () => Task.FromResult(Controllers.Log.Count("was interrupted") >= running.WatchesCount));
        await Scene.Server.RestartAsync();
        await Scene.PatchAsync(ClusterKinds.Policy, ClusterScene.Policy, """{"spec":{"schedule":"30 4 * * *"}}""");

        await Scene.UntilAsync(
            ClusterKinds.CronJob,
            "nightly-backup-cronjob",
            "changed",
            item => (string?)item["spec"]!["schedule"] == "30 4 * * *");
    }

    [Fact]
    public async Task Records_are_created_from_the_repository_and_deleting_one_deletes_its_snapshot()
    {
        string uid = ObjectMetadata.Uid(await Scene.PolicyAsync());
        SnapshotManifest older = await Scene.StoreAsync(Scene.Manifest(0, policyUid: uid));
        SnapshotManifest newer = await Scene.StoreAsync(Scene.Manifest(1, policyUid: uid));
        await using RunningControllers running = Controllers.Start();
        await Scene.UntilAsync(ClusterKinds.Record, ClusterNames.RecordOf(older.Id.Value), "created", _ => true);
        await Scene.UntilAsync(ClusterKinds.Record, ClusterNames.RecordOf(newer.Id.Value), "created", _ => true);
        await Scene.UntilAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            "updated",
            item => (string?)item["status"]?["etcdClusterId"] == "c1");

        await Scene.DeleteAsync(ClusterKinds.Record, ClusterNames.RecordOf(older.Id.Value));

        await TestDeadline.UntilAsync(
            "the snapshot to go",
            async () => (await Scene.Repository.TakeInventoryAsync(CancellationToken.None)).Snapshots is [{ } left]
                && left.Id == newer.Id);
        await TestDeadline.UntilAsync("its record to go", async () => await Scene.FindRecordAsync(older.Id) is null);
        Assert.NotNull(await Scene.FindRecordAsync(newer.Id));
    }

    [Fact]
    public async Task A_location_shows_the_snapshots_of_its_repository_soon_after_a_backup_or_a_deletion()
    {
        await using RunningControllers running = Controllers.Start();
        await UntilReadyAsync(ClusterScene.Policy);
        await running.Synced;
        await UntilLocationShowsAsync(0);

        string uid = ObjectMetadata.Uid(await Scene.PolicyAsync());
        SnapshotManifest first = await Scene.StoreAsync(Scene.Manifest(0, policyUid: uid));
        await Scene.PublishAsync(ClusterScene.Outcome(first));
        await UntilLocationShowsAsync(1);

        SnapshotManifest second = await Scene.StoreAsync(Scene.Manifest(1, policyUid: uid));
        await Scene.PublishAsync(ClusterScene.Outcome(second));
        await UntilLocationShowsAsync(2);

        SnapshotManifest third = await Scene.StoreAsync(Scene.Manifest(2, policyUid: uid));
        await Scene.RemoveAsync(first);
        await Scene.RemoveAsync(second);
        await Scene.PublishAsync(ClusterScene.Outcome(third, ClusterScene.Pruned([third], first, second)));
        await UntilLocationShowsAsync(1);

        SnapshotManifest fourth = await Scene.StoreAsync(Scene.Manifest(3, policyUid: uid));
        await Scene.PublishAsync(ClusterScene.Outcome(fourth));
        await UntilLocationShowsAsync(2);
        await Scene.DeleteAsync(ClusterKinds.Record, ClusterNames.RecordOf(third.Id.Value));
        await UntilLocationShowsAsync(1);
    }

    private Task UntilLocationShowsAsync(int snapshots) => Scene.UntilAsync(
        ClusterKinds.BackupLocation,
        ClusterScene.Location,
        $"updated to {snapshots} snapshots",
        item => (int?)item["status"]?["snapshots"] == snapshots
            && (long?)item["status"]!["storedBytes"] == snapshots * StoredBytes);

    private Task UntilReadyAsync(string policy) => Scene.UntilAsync(
        ClusterKinds.Policy, policy, "ready", item => SceneObjects.Condition(item, "Ready") == "True Scheduled");

    /// <summary>Waits until no request was sent for a while: everything is then done.</summary>
    private Task UntilQuietAsync()
    {
        (int Count, int Polls) last = (-1, 0);
        return TestDeadline.UntilAsync(
            "the end of all requests",
            () =>
            {
                int count = Scene.Proxy.Requests.Count;
                last = count == last.Count ? (count, last.Polls + 1) : (count, 0);
                return Task.FromResult(last.Polls >= QuietPolls);
            });
    }
}
