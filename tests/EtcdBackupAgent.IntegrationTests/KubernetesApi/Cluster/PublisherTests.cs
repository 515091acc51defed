using System.Net;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;

/// <summary>Publishing backups in a cluster, on a real API server with the shipped definitions.</summary>
[Collection(ClusterTests.Name)]
public sealed class PublisherTests(ClusterFixture fixture) : IAsyncLifetime
{
    private static readonly PublisherLimits Short = new()
    {
        Begin = TimeSpan.FromSeconds(1),
        End = TimeSpan.FromSeconds(2),
    };

    private ClusterScene Scene { get; set; } = null!;

    public async Task InitializeAsync() => Scene = await ClusterScene.StartAsync(fixture);

    public Task DisposeAsync()
    {
        Scene.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Nothing_is_reported_to_another_policy_with_the_same_name()
    {
        SnapshotManifest manifest = Scene.Manifest(0);
        await Scene.NewPublisher().RunAsync(
            new PublishedRun(Scene.PolicyName, ClusterScene.Location, "the-uid-of-the-previous-policy"),
            _ => Task.FromResult(ClusterScene.Outcome(manifest)),
            failure => Assert.Fail(failure.Message),
            CancellationToken.None);

        Assert.Empty(await Scene.StatusOfPolicyAsync());
        Assert.Empty(await Scene.EventsAsync());
        Assert.NotNull(await Scene.FindRecordAsync(manifest.Id));
    }

    [Fact]
    public async Task A_snapshot_without_its_restore_point_has_an_event()
    {
        SnapshotManifest manifest = Scene.Manifest(0);

        Assert.Empty(await Scene.PublishAsync(
            ClusterScene.Outcome(manifest) with { PointWarning = "Revision 3 is compacted." }));

        Assert.Contains(
            $"Warning RestorePointMissing: Snapshot {manifest.Id}: Revision 3 is compacted.",
            await Scene.EventsAsync());
    }

    [Fact]
    public async Task A_backup_is_published_as_a_record_a_status_and_an_event()
    {
        SnapshotManifest manifest = Scene.Manifest(0);
        string during = "";
        await Scene.NewPublisher().RunAsync(
            new PublishedRun(Scene.PolicyName, ClusterScene.Location),
            async _ =>
            {
                JsonObject begun = await Scene.StatusOfPolicyAsync();
                during = $"{begun["backupStatus"]} {begun["backupPod"]} {begun["observedGeneration"]}";
                return ClusterScene.Outcome(manifest);
            },
            failure => Assert.Fail(failure.Message),
            CancellationToken.None);

        Assert.Equal("Initializing pod-1 1", during);
        JsonObject record = await Scene.RecordAsync(manifest.Id);
        Assert.Equal(
            $$"""{"backuploc":"disk","policy":"nightly","snapshotId":"{{manifest.Id}}"}""",
            record["spec"]!.ToJsonString());
        Assert.Empty(ObjectMetadata.Finalizers(record));
        Assert.Equal(
            """{"kubedr.backup-policy":"nightly","kubedr.type":"backup"}""",
            record["metadata"]!["labels"]!.ToJsonString());
        Assert.Equal(
            (20512, 4096, 4711),
            (
                (int)record["status"]!["sizeBytes"]!,
                (int)record["status"]!["storedBytes"]!,
                (int)record["status"]!["etcdRevision"]!));
        Assert.Equal("c1", (string?)record["status"]!["etcdClusterId"]);
        Assert.Null(record["status"]!["verified"]);

        JsonObject status = await Scene.StatusOfPolicyAsync();
        Assert.Equal(
            [
                "backupPod",
                "backupStatus",
                "backupTime",
                "conditions",
                "dataAdded",
                "etcdClusterId",
                "filesChanged",
                "filesNew",
                "lastSuccessTime",
                "mbrName",
                "observedGeneration",
                "snapshotId",
                "totalBytesProcessed",
                "totalDurationSecs",
            ],
            status.Select(field => field.Key).Order(StringComparer.Ordinal));
        Assert.Equal(
            ("Completed", $"mbr-{manifest.Id}", $"{manifest.Id}", "12"),
            (
                (string?)status["backupStatus"],
                (string?)status["mbrName"],
                (string?)status["snapshotId"],
                (string?)status["totalDurationSecs"]));
        Assert.Equal("BackupSucceeded True Completed", Condition(status));
        Assert.Equal(
            [$"Normal BackupSucceeded: Backup completed, snapshot ID: {manifest.Id}"],
            await Scene.EventsAsync());
    }

    [Fact]
    public async Task A_failure_is_published_and_the_last_success_stays_in_the_status()
    {
        SnapshotManifest manifest = Scene.Manifest(0);
        await Scene.PublishAsync(ClusterScene.Outcome(manifest));

        BackupException thrown = await Assert.ThrowsAsync<BackupException>(() =>
            Scene
                .NewPublisher(hours: 5)
                .RunAsync(
                    new PublishedRun(Scene.PolicyName, ClusterScene.Location),
                    _ =>
                        throw new BackupException(FailureReason.EtcdUnreachable, "No etcd member answers.")
                        {
                            Hint = "Look at etcd.",
                        },
                    failure => Assert.Fail(failure.Message),
                    CancellationToken.None));

        Assert.Equal(FailureReason.EtcdUnreachable, thrown.Reason);
        JsonObject status = await Scene.StatusOfPolicyAsync();
        Assert.Equal(
            ("Failed", "No etcd member answers. Look at etcd.", $"{manifest.Id}", "2026-01-01T00:00:12Z"),
            (
                (string?)status["backupStatus"],
                (string?)status["backupErrorMessage"],
                (string?)status["snapshotId"],
                (string?)status["lastSuccessTime"]));
        Assert.Equal("BackupSucceeded False EtcdUnreachable", Condition(status));
        Assert.Contains("Warning BackupFailed: No etcd member answers.", await Scene.EventsAsync());
    }

    [Fact]
    public async Task A_backup_whose_verification_failed_has_a_record_and_counts_as_failed()
    {
        SnapshotManifest manifest = Scene.Manifest(0);
        await Scene.PublishAsync(
            ClusterScene.Outcome(manifest) with
            {
                VerifyFailure = new BackupException(
                    FailureReason.DataDamaged,
                    $"Snapshot {manifest.Id} is damaged: page 3."),
            });

        Assert.NotNull(await Scene.FindRecordAsync(manifest.Id));
        JsonObject status = await Scene.StatusOfPolicyAsync();
        Assert.Equal(("Failed", null), ((string?)status["backupStatus"], (string?)status["lastSuccessTime"]));
    }

    [Fact]
    public async Task A_backup_that_is_published_twice_has_one_record_and_one_event()
    {
        BackupOutcome outcome = ClusterScene.Outcome(Scene.Manifest(0));

        Assert.Empty(await Scene.PublishAsync(outcome));
        Assert.Empty(await Scene.PublishAsync(outcome));

        Assert.Single(await Scene.RecordNamesAsync());
        Assert.Single(await Scene.EventsAsync());
    }

    [Fact]
    public async Task Records_of_removed_snapshots_are_removed_and_missing_ones_are_created()
    {
        SnapshotManifest[] earlier = [Scene.Manifest(0), Scene.Manifest(1), Scene.Manifest(2)];
        await Scene.PublishAsync(ClusterScene.Outcome(earlier[0]));
        await Scene.PublishAsync(ClusterScene.Outcome(earlier[1]));
        SnapshotManifest newest = Scene.Manifest(3);

        // The record of the third could not be created after its backup.
        IReadOnlyList<string> unpublished = await Scene.PublishAsync(
            ClusterScene.Outcome(newest, ClusterScene.Pruned([newest, earlier[2], earlier[1]], earlier[0])));

        Assert.Empty(unpublished);
        Assert.Equal(
            new[] { earlier[1], earlier[2], newest }.Select(m => $"mbr-{m.Id}").Order(StringComparer.Ordinal),
            (await Scene.RecordNamesAsync()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_status_about_an_older_backup_does_not_overwrite_that_of_a_newer_one()
    {
        PolicyStatusPublisher publisher = new(Scene.Client, "pod-2", TimeProvider.System);
        PublishedRun run = new(Scene.PolicyName, ClusterScene.Location);
        SnapshotManifest older = Scene.Manifest(1);
        SnapshotManifest newer = Scene.Manifest(2);

        await publisher.SucceededAsync(run, newer, verification: null, CancellationToken.None);
        await publisher.SucceededAsync(run, older, verification: null, CancellationToken.None);
        await publisher.FailedAsync(
            run,
            new BackupException(FailureReason.StoreFailed, "Too late."),
            older.CompletedAt,
            CancellationToken.None);

        JsonObject status = await Scene.StatusOfPolicyAsync();
        Assert.Equal(
            ("Completed", $"{newer.Id}", "2026-01-01T02:00:12Z"),
            ((string?)status["backupStatus"], (string?)status["snapshotId"], (string?)status["backupTime"]));
    }

    [Fact]
    public async Task Two_writers_of_one_status_lose_nothing()
    {
        StatusWriter writer = new(Scene.Client);
        PolicyObject asRead = new(await Scene.PolicyAsync());

        // Both writers have the object without the change of the other.
        foreach (string type in (string[])["Ready", "BackupSucceeded"])
        {
            await writer.ChangeAsync(
                asRead,
                status => status.Conditions.Set(type, isTrue: true, "Yes", "yes", 1, DateTimeOffset.UnixEpoch),
                CancellationToken.None);
        }

        StatusConditions now = new PolicyObject(await Scene.PolicyAsync()).Status.Conditions;
        Assert.True(now.IsTrue("Ready") && now.IsTrue("BackupSucceeded"));
    }

    [Fact]
    public async Task Conflicts_and_errors_of_the_server_are_retried()
    {
        foreach ((string resource, HttpStatusCode code) in (IEnumerable<(string, HttpStatusCode)>)[
            ("metadatabackuppolicies/status", HttpStatusCode.Conflict),
            ("metadatabackuprecords/status", HttpStatusCode.Conflict),
            ("metadatabackuprecords", HttpStatusCode.ServiceUnavailable),
            ("events", HttpStatusCode.InternalServerError)])
        {
            Scene.Proxy.Add(
                new ProxyFault
                {
                    Of = r => r.Namespace == Scene.Namespace && r.Resource == resource,
                    Answer = code,
                    Times = 2,
                });
        }

        SnapshotManifest manifest = Scene.Manifest(0);
        Assert.Empty(await Scene.PublishAsync(ClusterScene.Outcome(manifest)));

        Assert.NotNull((await Scene.RecordAsync(manifest.Id))["status"]?["completedAt"]);
        Assert.Equal("Completed", (string?)(await Scene.StatusOfPolicyAsync())["backupStatus"]);
        Assert.Single(await Scene.EventsAsync());
    }

    [Fact]
    public async Task A_killed_server_fails_no_backup_and_the_next_run_publishes_it()
    {
        SnapshotManifest first = Scene.Manifest(0);
        List<BackupException> unpublished = [];
        await Scene.NewPublisher(Short).RunAsync(
            new PublishedRun(Scene.PolicyName, ClusterScene.Location),
            async _ =>
            {
                await Scene.Server.KillAsync();
                return ClusterScene.Outcome(first);
            },
            unpublished.Add,
            CancellationToken.None);
        await Scene.Server.RestartAsync();

        Assert.StartsWith(
            $"Cannot create the record of snapshot {first.Id} at ",
            Assert.Single(unpublished).Message,
            StringComparison.Ordinal);
        Assert.Empty(await Scene.RecordNamesAsync());

        SnapshotManifest second = Scene.Manifest(1);
        Assert.Empty(await Scene.PublishAsync(ClusterScene.Outcome(second, ClusterScene.Pruned([second, first]))));
        Assert.Equal(2, (await Scene.RecordNamesAsync()).Length);
        Assert.Equal($"{second.Id}", (string?)(await Scene.StatusOfPolicyAsync())["snapshotId"]);
    }

    [Fact]
    public async Task A_backup_is_published_if_the_server_restarts_in_time()
    {
        SnapshotManifest manifest = Scene.Manifest(0);
        List<BackupException> unpublished = [];
        Task back = Task.CompletedTask;
        await Scene.NewPublisher(new PublisherLimits { End = TimeSpan.FromMinutes(1) }).RunAsync(
            new PublishedRun(Scene.PolicyName, ClusterScene.Location),
            async _ =>
            {
                await Scene.Server.KillAsync();
                back = Scene.Server.RestartAsync(CancellationToken.None);
                return ClusterScene.Outcome(manifest);
            },
            unpublished.Add,
            CancellationToken.None);
        await back;

        Assert.Empty(unpublished);
        Assert.NotNull(await Scene.FindRecordAsync(manifest.Id));
        Assert.Single(await Scene.EventsAsync());
    }

    [Fact]
    public async Task A_denied_request_does_not_prevent_the_others()
    {
        Scene.Proxy.Grants = request =>
            request.Namespace != Scene.Namespace || request.Resource != "metadatabackuprecords";
        try
        {
            IReadOnlyList<string> unpublished = await Scene.PublishAsync(ClusterScene.Outcome(Scene.Manifest(0)));

            Assert.Contains("no role grants this", Assert.Single(unpublished), StringComparison.Ordinal);
        }
        finally
        {
            Scene.Proxy.Grants = null;
        }

        Assert.Equal("Completed", (string?)(await Scene.StatusOfPolicyAsync())["backupStatus"]);
    }

    private static string Condition(JsonObject status)
    {
        JsonNode condition = Assert.Single(status["conditions"]!.AsArray())!;
        return $"{condition["type"]} {condition["status"]} {condition["reason"]}";
    }
}
