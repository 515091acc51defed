using System.Net;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>Single reconciliations of a restore, on a real API server; its pod never reports anything.</summary>
[Collection(ClusterTests.Name)]
public sealed class RestoreReconcilerTests(ClusterFixture fixture) : ControllerTests(fixture)
{
    private const string Name = "restore-test";

    private const string Creating = """
        {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"True"}],
        "containerStatuses":[{"name":"restore","image":"","imageID":"","ready":false,"restartCount":0,
        "state":{"waiting":{"reason":"ContainerCreating"}}}]}
        """;

    private SnapshotManifest Manifest { get; set; } = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Manifest = await Scene.StoreAsync(Scene.Manifest(0));
    }

    [Fact]
    public async Task A_restore_waits_for_the_objects_that_it_names_and_reports_which()
    {
        await ApplyRestoreAsync();
        await ReconcileAsync();
        Assert.Equal("False Waiting", await ReadyAsync());
        Assert.Equal("Pending", (string?)(await StatusAsync())["restoreStatus"]);
        Assert.Contains(
            $"there is no MetadataBackupRecord mbr-{Manifest.Id}",
            await MessageAsync(),
            StringComparison.Ordinal);
        Assert.Empty(await ReconcileAsync());

        await Scene.SyncAsync();
        await ReconcileAsync();
        Assert.Contains("there is no PersistentVolumeClaim restored", await MessageAsync(), StringComparison.Ordinal);
        Assert.Empty(await Scene.JobsAsync());

        await CreateClaimAsync();
        await ReconcileAsync();
        Assert.Single(await Scene.JobsAsync());
        JsonNode status = await StatusAsync();
        Assert.Null(status["restoreStatus"]);
        Assert.Null(status["restoreErrorMessage"]);
    }

    [Fact]
    public async Task A_restore_of_a_moment_needs_only_its_policy_and_gets_a_Job()
    {
        await CreateClaimAsync();
        await Scene.ApplyAsync(
            "MetadataRestore", Name, "policy: gone, at: '2026-11-29T10:15:00Z', pvcName: restored");
        await ReconcileAsync();
        Assert.Contains("there is no MetadataBackupPolicy gone", await MessageAsync(), StringComparison.Ordinal);
        await Scene.DeleteAsync(ClusterKinds.Restore, Name);
        await Scene.ApplyAsync(
            "MetadataRestore",
            Name,
            $"policy: {ClusterScene.Policy}, at: '2026-11-29T11:15:00+01:00', pvcName: restored");

        await ReconcileAsync();

        JsonObject job = Assert.Single(await Scene.JobsAsync());
        Assert.Null((await StatusAsync())["snapshotId"]);
        Assert.Equal(
            $"The state of policy {ClusterScene.Policy} at 2026-11-29T10:15:00Z is being restored.",
            await MessageAsync());
        Assert.Empty(await ReconcileAsync());

        // The pod could not report its end, so that only the pod knew the snapshot and the revision.
        await Scene.EndAsync(ObjectMetadata.Name(job), isSuccess: true);
        await ReconcileAsync();
        Assert.Equal("Completed", (string?)(await StatusAsync())["restoreStatus"]);
        Assert.Equal(["Normal RestoreSucceeded: Restore completed"], await Scene.EventsAsync());
    }

    [Fact]
    public async Task A_restore_of_objects_needs_no_claim_and_runs_with_the_account_of_the_user()
    {
        await Scene.SyncAsync();
        await Scene.ApplyAsync(
            "MetadataRestore", Name, $"mbrName: mbr-{Manifest.Id}, objects: {{serviceAccountName: object-restore}}");

        await ReconcileAsync();

        JsonObject job = Assert.Single(await Scene.JobsAsync());
        JsonNode pod = job["spec"]!["template"]!["spec"]!;
        Assert.Equal("object-restore", (string?)pod["serviceAccountName"]);
        Assert.Equal(0, (int?)job["spec"]!["backoffLimit"]);

        // An account that may not write the status: the controller reports the end of the log.
        await Scene.CreatePodAsync(
            ObjectMetadata.Name(job),
            """
            {"phase":"Failed","containerStatuses":[{"name":"restore","image":"","imageID":"","ready":false,
            "restartCount":0,"state":{"terminated":{"exitCode":10,"reason":"Error",
            "message":"User \"system:serviceaccount:kubedr-system:object-restore\" cannot get resource"}}}]}
            """);
        await Scene.EndAsync(ObjectMetadata.Name(job), isSuccess: false);
        await ReconcileAsync();
        Assert.Contains(
            "object-restore\" cannot get resource",
            (string?)(await StatusAsync())["restoreErrorMessage"],
            StringComparison.Ordinal);
        Assert.Empty(await ReconcileAsync());
        Assert.Single(await Scene.JobsAsync());
    }

    [Fact]
    public async Task A_pod_that_does_not_start_is_reported_until_it_starts()
    {
        string job = ObjectMetadata.Name(await BeginAsync());
        await Scene.CreatePodAsync(job, Creating);
        await Scene.WarnAsync(
            ClusterKinds.Pod, $"{job}-x7k2p", "FailedMount",
            "MountVolume.SetUp failed for volume \"repository\" : hostPath type check failed: /b is not a directory");
        SceneControllers later = new(Scene, new ShiftedTime(TimeSpan.FromSeconds(40)));
        Assert.Empty(await ReconcileAsync());

        await later.ReconcileAsync(later.Restore, Name);

        JsonObject restore = await Scene.GetAsync(ClusterKinds.Restore, Name);
        Assert.Equal("Pending", (string?)restore["status"]!["restoreStatus"]);
        string message = (string?)restore["status"]!["restoreErrorMessage"] ?? "";
        Assert.Contains("/b is not a directory", message, StringComparison.Ordinal);
        Assert.Contains("spec.nodeSelector", message, StringComparison.Ordinal);
        Assert.Equal("False FailedMount", SceneObjects.Condition(restore, "Ready"));
        Assert.Equal("False FailedMount", SceneObjects.Condition(restore, "PodStarted"));
        Assert.Empty(await later.ReconcileAsync(later.Restore, Name));
        Assert.Single(
            await Scene.EventsAsync(), line => line.StartsWith("Warning RestoreNotStarted", StringComparison.Ordinal));

        await Scene.PatchAsync(ClusterKinds.Pod, $"{job}-x7k2p", """{"status":{"phase":"Running"}}""", "status");
        await later.ReconcileAsync(later.Restore, Name);

        restore = await Scene.GetAsync(ClusterKinds.Restore, Name);
        Assert.Null(restore["status"]!["restoreStatus"]);
        Assert.Null(restore["status"]!["restoreErrorMessage"]);
        Assert.Equal("False Restoring", SceneObjects.Condition(restore, "Ready"));
        Assert.Equal("True Started", SceneObjects.Condition(restore, "PodStarted"));
    }

    [Fact]
    public async Task A_restore_whose_pod_never_started_fails_with_the_cause()
    {
        string job = ObjectMetadata.Name(await BeginAsync());
        await Scene.WarnAsync(
            ClusterKinds.Job, job, "FailedCreate",
            $"Error creating: pods \"{job}-\" is forbidden: looking up account: serviceaccount \"r\" not found");
        SceneControllers later = new(Scene, new ShiftedTime(TimeSpan.FromSeconds(40)));
        await later.ReconcileAsync(later.Restore, Name);
        await Scene.EndAsync(job, isSuccess: false);

        await later.ReconcileAsync(later.Restore, Name);

        JsonNode status = await StatusAsync();
        string message = (string?)status["restoreErrorMessage"] ?? "";
        Assert.Equal("Failed", (string?)status["restoreStatus"]);
        Assert.Contains("It never started: no pod could be created (FailedCreate)", message, StringComparison.Ordinal);
        Assert.Contains("serviceaccount \"r\" not found", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Job_that_the_server_refuses_is_reported()
    {
        await Scene.SyncAsync();
        await CreateClaimAsync();
        await ApplyRestoreAsync();
        Scene.Proxy.Add(new ProxyFault
        {
            Of = request => request.Namespace == Scene.Namespace && request is { Resource: "jobs", Verb: "create" },
            Answer = HttpStatusCode.Forbidden,
            Times = 1,
        });

        await Assert.ThrowsAsync<ApiStatusException>(
            () => Controllers.Restore.ReconcileAsync(Name, CancellationToken.None));

        Assert.Equal("False Refused", await ReadyAsync());
        await ReconcileAsync();
        Assert.Equal("False Restoring", await ReadyAsync());
    }

    [Fact]
    public async Task An_object_that_stays_missing_fails_the_restore_permanently()
    {
        await ApplyRestoreAsync();
        SceneControllers later = new(Scene, new ShiftedTime(RestoreReconciler.MissingMax + TimeSpan.FromSeconds(5)));

        await later.ReconcileAsync(later.Restore, Name);

        JsonNode status = (await Scene.GetAsync(ClusterKinds.Restore, Name))["status"]!;
        Assert.Equal("Failed", (string?)status["restoreStatus"]);
        Assert.Contains(
            "there is no MetadataBackupRecord",
            (string?)status["restoreErrorMessage"],
            StringComparison.Ordinal);
        Assert.Single(
            await Scene.EventsAsync(),
            line => line.StartsWith("Warning RestoreFailed", StringComparison.Ordinal));
        await Scene.SyncAsync();
        await CreateClaimAsync();
        Assert.Empty(await ReconcileAsync());
    }

    [Fact]
    public async Task The_Job_is_created_once_and_a_second_reconciliation_writes_nothing()
    {
        JsonObject job = await BeginAsync();

        Assert.Empty(await ReconcileAsync());
        Assert.Single(await Scene.JobsAsync());
        JsonObject restore = await Scene.GetAsync(ClusterKinds.Restore, Name);
        Assert.Equal(ObjectMetadata.Uid(restore), (string?)job["metadata"]!["ownerReferences"]![0]!["uid"]);
        Assert.Equal(
            ($"{Manifest.Id}", 0),
            ((string?)restore["status"]!["snapshotId"], (int?)restore["status"]!["progressPercent"]));
        Assert.Equal("False Restoring", SceneObjects.Condition(restore, "Ready"));
    }

    [Fact]
    public async Task A_completed_restore_stays_completed_after_its_Job_is_deleted()
    {
        JsonObject job = await BeginAsync();
        await Scene.EndAsync(ObjectMetadata.Name(job), isSuccess: true);

        await ReconcileAsync();

        JsonObject restore = await Scene.GetAsync(ClusterKinds.Restore, Name);
        Assert.Equal(
            ("Completed", 100, 1L),
            ((string?)restore["status"]!["restoreStatus"], (int?)restore["status"]!["progressPercent"],
                (long?)restore["status"]!["observedGeneration"]));
        Assert.Equal("True Completed", SceneObjects.Condition(restore, "Ready"));
        Assert.Equal(
            [$"Normal RestoreSucceeded: Restore from snapshot {Manifest.Id} completed"],
            await Scene.EventsAsync());

        await Scene.DeleteAsync(ClusterKinds.Job, ObjectMetadata.Name(job));
        SceneControllers another = new(Scene);
        Assert.Empty(await another.ReconcileAsync(another.Restore, Name));
        Assert.Empty(await Scene.JobsAsync());
    }

    [Fact]
    public async Task A_failed_Job_whose_pod_reported_nothing_fails_the_restore_once()
    {
        string job = ObjectMetadata.Name(await BeginAsync());
        await Scene.CreatePodAsync(
            job,
            """{"phase":"Failed","reason":"Evicted","message":"The node was low on memory."}""");
        await Scene.EndAsync(job, isSuccess: false);

        await ReconcileAsync();

        JsonNode status = (await Scene.GetAsync(ClusterKinds.Restore, Name))["status"]!;
        Assert.Equal("Failed", (string?)status["restoreStatus"]);
        Assert.Contains(
            "the pod failed (Evicted): The node was low on memory",
            (string?)status["restoreErrorMessage"],
            StringComparison.Ordinal);
        Assert.Single(
            await Scene.EventsAsync(),
            line => line.StartsWith("Warning RestoreFailed", StringComparison.Ordinal));
        Assert.Empty(await ReconcileAsync());
    }

    [Fact]
    public async Task A_Job_that_the_validation_of_the_server_rejects_is_a_terminal_failure()
    {
        await Scene.SyncAsync();
        await CreateClaimAsync();
        await ApplyRestoreAsync();
        Scene.Proxy.Add(new ProxyFault
        {
            Of = request => request.Namespace == Scene.Namespace && request is { Resource: "jobs", Verb: "create" },
            Answer = HttpStatusCode.UnprocessableEntity,
            Field = "spec.template.spec.nodeSelector",
            Times = 1,
        });

        TerminalFailure e = await Assert.ThrowsAsync<TerminalFailure>(
            () => Controllers.Restore.ReconcileAsync(Name, CancellationToken.None));

        Assert.True(Assert.IsType<ApiStatusException>(e.Cause).IsInvalid);
        Assert.Equal("False Refused", await ReadyAsync());
        await ReconcileAsync();
        Assert.Equal("False Restoring", await ReadyAsync());
    }

    [Fact]
    public async Task Two_controllers_at_the_same_time_create_one_Job()
    {
        await Scene.SyncAsync();
        await CreateClaimAsync();
        await ApplyRestoreAsync();
        SceneControllers another = new(Scene);

        await Task.WhenAll(
            Controllers.Restore.ReconcileAsync(Name, CancellationToken.None),
            another.Restore.ReconcileAsync(Name, CancellationToken.None));

        Assert.Single(await Scene.JobsAsync());
    }

    private async Task<JsonObject> BeginAsync()
    {
        await Scene.SyncAsync();
        await CreateClaimAsync();
        await ApplyRestoreAsync();
        await ReconcileAsync();
        return Assert.Single(await Scene.JobsAsync());
    }

    private Task<string> ApplyRestoreAsync() =>
        Scene.ApplyAsync("MetadataRestore", Name, $"mbrName: mbr-{Manifest.Id}, pvcName: restored");

    private Task<JsonObject> CreateClaimAsync() => Scene.Client.CreateAsync(
        ClusterKinds.PersistentVolumeClaim,
        Scene.Namespace,
        (JsonObject)JsonNode.Parse(
            """
            {"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"restored"},
            "spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}
            """)!,
        CancellationToken.None);

    private async Task<JsonNode> StatusAsync() => (await Scene.GetAsync(ClusterKinds.Restore, Name))["status"]!;

    private Task<string[]> ReconcileAsync() => Controllers.ReconcileAsync(Controllers.Restore, Name);

    private Task<string> ReadyAsync() => Scene.ReadyAsync(ClusterKinds.Restore, Name);

    private async Task<string> MessageAsync() =>
        (string?)(await Scene.GetAsync(ClusterKinds.Restore, Name))["status"]!["conditions"]![0]!["message"] ?? "";
}
