using System.Net;
using System.Text.Json.Nodes;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>Backups whose pod does not start, on a real API server: the policy reports it within a minute, and only as
/// long as it is true.</summary>
[Collection(ClusterTests.Name)]
public sealed class PodStartTests(ClusterFixture fixture) : ControllerTests(fixture)
{
    private const string Creating = """
        {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"True"}],
        "containerStatuses":[{"name":"backup","image":"","imageID":"","ready":false,"restartCount":0,
        "state":{"waiting":{"reason":"ContainerCreating"}}}]}
        """;

    private const string Unschedulable = """
        {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",
        "message":"0/1 nodes are available: 1 node(s) had untolerated taint {dedicated: etcd}."}]}
        """;

    private const string Running = """
        {"phase":"Running","conditions":[{"type":"PodScheduled","status":"True"}],
        "containerStatuses":[{"name":"backup","image":"","imageID":"","ready":true,"restartCount":0,
        "state":{"running":{}}}]}
        """;

    private const int Refusals = 2;

    private string _job = "";

    /// <summary>The same controllers with a later clock: the grace period of the pod is over.</summary>
    private SceneControllers Later { get; set; } = null!;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await Controllers.ReconcileAsync(Controllers.Location, ClusterScene.Location);
        await Controllers.ReconcileAsync(Controllers.Policy, ClusterScene.Policy);
        _job = ObjectMetadata.Name(Assert.Single(await Scene.JobsAsync()));
        Later = After(TimeSpan.FromSeconds(40));
    }

    [Theory]
    [InlineData("Unschedulable", "untolerated taint {dedicated: etcd}", Unschedulable, null, null)]
    [InlineData(
        "CreateContainerConfigError", "secret \"minio-creds\" not found",
        """
        {"phase":"Pending","containerStatuses":[{"name":"backup","image":"","imageID":"","ready":false,"restartCount":0,
        "state":{"waiting":{"reason":"CreateContainerConfigError","message":"secret \"minio-creds\" not found"}}}]}
        """,
        null, null)]
    [InlineData(
        "FailedMount", "hostPath type check failed: /pki is not a directory", Creating,
        "FailedMount",
        "MountVolume.SetUp failed for volume \"c\": hostPath type check failed: /pki is not a directory")]
    [InlineData(
        "FailedCreate", "violates PodSecurity \"restricted:latest\": host namespaces", null,
        "FailedCreate",
        "Error creating: pods \"JOB-abcde\" is forbidden: violates PodSecurity \"restricted:latest\": host namespaces")]
    [InlineData(
        "FailedCreate", "exceeded quota: compute, requested: pods=1", null,
        "FailedCreate",
        "Error creating: pods \"JOB-fghij\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=5")]
    [InlineData("NoPod", "check that kube-controller-manager is running", null, null, null)]
    public async Task The_cause_of_a_delay_is_reported_in_the_status_a_condition_and_one_event(
        string reason, string text, string? pod, string? eventReason, string? message)
    {
        if (pod is not null)
        {
            await Scene.CreatePodAsync(_job, pod);
        }

        if (eventReason is not null)
        {
            await Scene.WarnAsync(
                pod is null ? ClusterKinds.Job : ClusterKinds.Pod,
                pod is null ? _job : $"{_job}-x7k2p",
                eventReason,
                message!.Replace("JOB", _job, StringComparison.Ordinal));
        }

        await ReconcileLaterAsync();

        JsonObject policy = await Scene.PolicyAsync();
        Assert.Equal("Pending", (string?)policy["status"]!["backupStatus"]);
        Assert.Equal(pod is null ? _job : $"{_job}-x7k2p", (string?)policy["status"]!["backupPod"]);
        string error = (string?)policy["status"]!["backupErrorMessage"] ?? "";
        Assert.Contains(text, error, StringComparison.Ordinal);
        Assert.Contains("'kubectl describe ", error, StringComparison.Ordinal);
        Assert.Equal($"False {reason}", SceneObjects.Condition(policy, "PodStarted"));
        Assert.Equal("True OnDemand", SceneObjects.Condition(policy, "Ready"));
        string reported = Assert.Single(await NotStartedAsync());
        Assert.Contains(text, reported, StringComparison.Ordinal);
        Assert.StartsWith(
            $"Warning BackupNotStarted: Job {_job} has not started: ", reported, StringComparison.Ordinal);

        // The controller of the Job retries with another pod name: nothing new is reported.
        if (pod is null && eventReason is not null)
        {
            string again = message!.Replace("JOB-", $"{_job}-q", StringComparison.Ordinal);
            await Scene.WarnAsync(ClusterKinds.Job, _job, eventReason, again);
        }

        Assert.Empty(await ReconcileLaterAsync());
        Assert.Empty(await ReconcileWithAsync(After(TimeSpan.FromMinutes(3))));
    }

    [Fact]
    public async Task The_delay_is_cleared_when_the_pod_starts_and_then_pods_are_not_read()
    {
        await Scene.CreatePodAsync(_job, Unschedulable);
        await ReconcileLaterAsync();
        await PatchPodAsync(Creating);
        await ReconcileLaterAsync();
        JsonObject policy = await Scene.PolicyAsync();
        Assert.Equal("Pending", (string?)policy["status"]!["backupStatus"]);
        Assert.Equal("False Starting", SceneObjects.Condition(policy, "PodStarted"));

        await PatchPodAsync(Running);
        await ReconcileLaterAsync();

        policy = await Scene.PolicyAsync();
        Assert.Equal("Initializing", (string?)policy["status"]!["backupStatus"]);
        Assert.Null(policy["status"]!["backupErrorMessage"]);
        Assert.Equal("True Started", SceneObjects.Condition(policy, "PodStarted"));
        Assert.Single(await NotStartedAsync());
        Assert.Empty(await ReconcileLaterAsync());

        // The controller of the Job counts the pod soon. Later, the status of the Job is sufficient.
        await Scene.PatchAsync(ClusterKinds.Job, _job, """{"status":{"active":1,"ready":1}}""", "status");
        int before = Scene.Proxy.Requests.Count;
        Assert.Null(await Later.Policy.ReconcileAsync(ClusterScene.Policy, CancellationToken.None));
        Assert.DoesNotContain(Scene.RequestsSince(before), request => request is "list pods" or "list events");
    }

    [Fact]
    public async Task A_pod_is_not_read_in_the_grace_period_and_a_late_pod_costs_two_requests()
    {
        await Scene.CreatePodAsync(_job, Creating);
        int before = Scene.Proxy.Requests.Count;

        TimeSpan? again = await Controllers.Policy.ReconcileAsync(ClusterScene.Policy, CancellationToken.None);

        Assert.InRange(again ?? TimeSpan.MaxValue, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(30));
        Assert.DoesNotContain(Scene.RequestsSince(before), request => request is "list pods" or "list events");

        before = Scene.Proxy.Requests.Count;
        Assert.NotNull(await Later.Policy.ReconcileAsync(ClusterScene.Policy, CancellationToken.None));
        Assert.Equal(
            ["list pods", "list events"],
            Scene.RequestsSince(before).Where(request => request.EndsWith("pods", StringComparison.Ordinal)
                || request.EndsWith("events", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_start_without_a_known_cause_is_reported_only_after_ten_minutes()
    {
        await Scene.CreatePodAsync(_job, Creating);

        Assert.Empty(await ReconcileWithAsync(After(TimeSpan.FromMinutes(9))));
        Assert.Null((await Scene.PolicyAsync())["status"]!["backupStatus"]);

        await ReconcileWithAsync(After(TimeSpan.FromMinutes(11)));
        Assert.Equal("False NotStarted", SceneObjects.Condition(await Scene.PolicyAsync(), "PodStarted"));
    }

    [Fact]
    public async Task The_failure_of_a_Job_at_its_deadline_contains_the_cause()
    {
        await Scene.CreatePodAsync(_job, Unschedulable);
        await ReconcileLaterAsync();
        // The controller of the Job ends it, and removes the pod.
        await Scene.DeleteAsync(ClusterKinds.Pod, $"{_job}-x7k2p");
        await Scene.EndAsync(_job, isSuccess: false);

        await ReconcileLaterAsync();

        JsonObject policy = await Scene.PolicyAsync();
        JsonNode status = policy["status"]!;
        Assert.Equal(("Failed", _job), ((string?)status["backupStatus"], (string?)status["backupPod"]));
        string message = (string?)status["backupErrorMessage"] ?? "";
        Assert.Contains(
            "backoff limit. It never started: no node was found for the pod", message, StringComparison.Ordinal);
        Assert.Contains("untolerated taint {dedicated: etcd}", message, StringComparison.Ordinal);
        Assert.Equal("False Unschedulable", SceneObjects.Condition(policy, "PodStarted"));
        Assert.Empty(await ReconcileLaterAsync());

        // The next Job starts.
        await Scene.CreateJobAsync(ClusterScene.Policy, "nightly-backup-cronjob-1");
        await Scene.PatchAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            $$$"""
            {"status":{"backupStatus":"Initializing","backupErrorMessage":null,
            "backupPod":"nightly-backup-cronjob-1-a2b3c",
            "backupTime":"{{{TimeProvider.System.GetUtcNow().AddSeconds(50):yyyy-MM-ddTHH:mm:ssZ}}}"}}
            """,
            "status");
        await Controllers.ReconcileAsync(Controllers.Policy, ClusterScene.Policy);
        Assert.Equal("True Started", SceneObjects.Condition(await Scene.PolicyAsync(), "PodStarted"));
    }

    [Fact]
    public async Task A_Job_that_is_removed_before_its_pod_starts_has_failed()
    {
        await Scene.ApplyAsync(
            "MetadataBackupPolicy", "hourly",
            $"destination: {ClusterScene.Location}, etcdEndpoint: http://127.0.0.1:2379, schedule: '0 * * * *'");
        await Scene.CreateJobAsync("hourly", "hourly-backup-cronjob-28000002");
        await Later.ReconcileAsync(Later.Policy, "hourly");
        JsonObject policy = await Scene.GetAsync(ClusterKinds.Policy, "hourly");
        Assert.Equal("False NoPod", SceneObjects.Condition(policy, "PodStarted"));

        await Scene.DeleteAsync(ClusterKinds.Job, "hourly-backup-cronjob-28000002");
        await Later.ReconcileAsync(Later.Policy, "hourly");

        policy = await Scene.GetAsync(ClusterKinds.Policy, "hourly");
        Assert.Equal("Failed", (string?)policy["status"]!["backupStatus"]);
        string message = (string?)policy["status"]!["backupErrorMessage"] ?? "";
        Assert.Contains("it was removed. It never started: no pod was created", message, StringComparison.Ordinal);
        Assert.Empty(await Later.ReconcileAsync(Later.Policy, "hourly"));
        Assert.Single(
            await Scene.EventsAsync(), line => line.StartsWith("Warning BackupFailed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_policy_reports_both_a_delayed_pod_and_an_invalid_location()
    {
        await Scene.CreatePodAsync(_job, Unschedulable);
        await Scene.DeleteAsync(ClusterKinds.BackupLocation, ClusterScene.Location);

        await ReconcileLaterAsync();

        JsonObject policy = await Scene.PolicyAsync();
        Assert.Equal("False Invalid", SceneObjects.Condition(policy, "Ready"));
        Assert.Equal("False Unschedulable", SceneObjects.Condition(policy, "PodStarted"));
    }

    [Fact]
    public async Task A_Job_or_CronJob_that_the_server_refuses_is_reported_in_Ready()
    {
        await Scene.ApplyAsync(
            "MetadataBackupPolicy", "refused",
            $"destination: {ClusterScene.Location}, etcdEndpoint: http://127.0.0.1:2379, schedule: '0 * * * *'");
        Scene.Proxy.Add(new ProxyFault
        {
            Of = request => request.Namespace == Scene.Namespace && request is { Resource: "cronjobs", Verb: "patch" },
            Answer = HttpStatusCode.Forbidden,
            Times = Refusals,
        });

        for (int i = 0; i < Refusals; i++)
        {
            await Assert.ThrowsAsync<ApiStatusException>(
                () => Controllers.Policy.ReconcileAsync("refused", CancellationToken.None));
        }

        JsonObject policy = await Scene.GetAsync(ClusterKinds.Policy, "refused");
        Assert.Equal("False Refused", SceneObjects.Condition(policy, "Ready"));
        Assert.Single(
            await Scene.EventsAsync(),
            line => line.StartsWith("Warning Refused: The API server refuses", StringComparison.Ordinal));

        await Controllers.ReconcileAsync(Controllers.Policy, "refused");
        Assert.Equal("True Scheduled", await Scene.ReadyAsync(ClusterKinds.Policy, "refused"));
    }

    private SceneControllers After(TimeSpan ahead) => new(Scene, new ShiftedTime(ahead));

    private Task<string[]> ReconcileLaterAsync() => ReconcileWithAsync(Later);

    private static Task<string[]> ReconcileWithAsync(SceneControllers controllers) =>
        controllers.ReconcileAsync(controllers.Policy, ClusterScene.Policy);

    private Task<JsonObject> PatchPodAsync(string status) =>
        Scene.PatchAsync(ClusterKinds.Pod, $"{_job}-x7k2p", $$"""{"status":{{status}}}""", "status");

    private async Task<string[]> NotStartedAsync() =>
    [
        .. (await Scene.EventsAsync())
            .Where(line => line.StartsWith("Warning BackupNotStarted", StringComparison.Ordinal)),
    ];
}
