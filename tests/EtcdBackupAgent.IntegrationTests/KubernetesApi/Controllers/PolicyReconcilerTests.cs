using System.Text.Json.Nodes;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>Single reconciliations of a policy, on a real API server; its location is ready.</summary>
[Collection(ClusterTests.Name)]
public sealed class PolicyReconcilerTests(ClusterFixture fixture) : ControllerTests(fixture)
{
    private const string CronJob = "hourly-backup-cronjob";
    private const string ChangeLog = "hourly-changelog";

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await Controllers.ReconcileAsync(Controllers.Location, ClusterScene.Location);
    }

    [Fact]
    public async Task A_policy_with_a_schedule_gets_a_CronJob_and_a_second_reconciliation_writes_nothing()
    {
        await ApplyHourlyAsync();

        await ReconcileAsync("hourly");

        JsonObject policy = await Scene.GetAsync(ClusterKinds.Policy, "hourly");
        Assert.Equal("True Scheduled", SceneObjects.Condition(policy, "Ready"));
        Assert.Equal(1, (long?)policy["status"]!["observedGeneration"]);
        Assert.Empty(ObjectMetadata.Finalizers(policy));
        JsonObject cronJob = await Scene.GetAsync(ClusterKinds.CronJob, CronJob);
        Assert.Equal(("0 * * * *", false), ((string?)cronJob["spec"]!["schedule"], (bool?)cronJob["spec"]!["suspend"]));
        Assert.Equal(ObjectMetadata.Uid(policy), (string?)cronJob["metadata"]!["ownerReferences"]![0]!["uid"]);
        Assert.Empty(await ReconcileAsync("hourly"));
        Assert.Empty(await Scene.JobsAsync());
        Assert.Equal("hourly", Controllers.Observed.Known["hourly"]?.Name.Name);
    }

    [Fact]
    public async Task Changed_and_removed_fields_of_the_policy_are_applied_to_the_CronJob()
    {
        await ApplyHourlyAsync("timeZone: Europe/Berlin");
        await ReconcileAsync("hourly");
        Assert.Equal(
            "Europe/Berlin",
            (string?)(await Scene.GetAsync(ClusterKinds.CronJob, CronJob))["spec"]!["timeZone"]);

        await Scene.PatchAsync(
            ClusterKinds.Policy, "hourly", """{"spec":{"schedule":"@every 6h","timeZone":null,"suspend":true}}""");
        await ReconcileAsync("hourly");

        JsonNode spec = (await Scene.GetAsync(ClusterKinds.CronJob, CronJob))["spec"]!;
        Assert.Equal(
            ("0 */6 * * *", null, true),
            ((string?)spec["schedule"], (string?)spec["timeZone"], (bool?)spec["suspend"]));
        Assert.Equal("True Suspended", await ReadyAsync("hourly"));
        Assert.Empty(await ReconcileAsync("hourly"));
    }

    [Fact]
    public async Task An_edited_or_deleted_CronJob_is_restored_by_the_next_reconciliation()
    {
        await ApplyHourlyAsync();
        await ReconcileAsync("hourly");

        await Scene.PatchAsync(
            ClusterKinds.CronJob,
            CronJob,
            """{"spec":{"schedule":"0 0 1 1 *","concurrencyPolicy":"Allow"}}""");
        Assert.Equal(["patch cronjobs"], await ReconcileAsync("hourly"));
        JsonNode spec = (await Scene.GetAsync(ClusterKinds.CronJob, CronJob))["spec"]!;
        Assert.Equal(("0 * * * *", "Forbid"), ((string?)spec["schedule"], (string?)spec["concurrencyPolicy"]));

        await Scene.DeleteAsync(ClusterKinds.CronJob, CronJob);
        await ReconcileAsync("hourly");
        Assert.NotNull(await Scene.FindAsync(ClusterKinds.CronJob, CronJob));
    }

    [Fact]
    public async Task A_policy_with_a_change_log_gets_a_Deployment_with_one_writer()
    {
        await ApplyHourlyAsync("changeLog: {closeEvery: 10s}");

        await ReconcileAsync("hourly");

        JsonObject policy = await Scene.GetAsync(ClusterKinds.Policy, "hourly");
        JsonObject deployment = await Scene.GetAsync(ClusterKinds.Deployment, ChangeLog);
        Assert.Equal(ObjectMetadata.Uid(policy), (string?)deployment["metadata"]!["ownerReferences"]![0]!["uid"]);
        JsonNode spec = deployment["spec"]!;
        Assert.Equal((1, "Recreate"), ((int?)spec["replicas"], (string?)spec["strategy"]!["type"]));
        Assert.Equal("archive", (string?)spec["template"]!["spec"]!["containers"]![0]!["args"]![0]);
        Assert.Empty(await ReconcileAsync("hourly"));

        // What a user edits or deletes is there again.
        await Scene.PatchAsync(ClusterKinds.Deployment, ChangeLog, """{"spec":{"replicas":2}}""");
        Assert.Equal(["patch deployments"], await ReconcileAsync("hourly"));
        Assert.Equal(1, (int?)(await Scene.GetAsync(ClusterKinds.Deployment, ChangeLog))["spec"]!["replicas"]);
        await Scene.DeleteAsync(ClusterKinds.Deployment, ChangeLog);
        await ReconcileAsync("hourly");
        Assert.NotNull(await Scene.FindAsync(ClusterKinds.Deployment, ChangeLog));
    }

    [Theory]
    [InlineData("""{"spec":{"changeLog":null}}""")]
    [InlineData("""{"spec":{"suspend":true}}""")]
    [InlineData("""{"spec":{"options":{"execution":"InProcess"}}}""")]
    public async Task The_Deployment_is_removed_when_the_policy_needs_it_no_longer(string patch)
    {
        await ApplyHourlyAsync("changeLog: {}");
        await ReconcileAsync("hourly");
        Assert.NotNull(await Scene.FindAsync(ClusterKinds.Deployment, ChangeLog));
        await Scene.PatchAsync(ClusterKinds.Policy, "hourly", patch);

        await ReconcileAsync("hourly");

        Assert.Null(await Scene.FindAsync(ClusterKinds.Deployment, ChangeLog));
        Assert.Empty(await ReconcileAsync("hourly"));
    }

    [Fact]
    public async Task The_change_log_goes_on_with_a_schedule_that_a_CronJob_cannot_express()
    {
        await Scene.ApplyAsync(
            "MetadataBackupPolicy",
            "hourly",
            $"destination: {ClusterScene.Location}, etcdEndpoint: http://127.0.0.1:2379, schedule: '@every 90m', "
            + "changeLog: {}");

        await ReconcileAsync("hourly");

        Assert.Equal("False ScheduleNotExpressible", await ReadyAsync("hourly"));
        Assert.NotNull(await Scene.FindAsync(ClusterKinds.Deployment, ChangeLog));
    }

    [Fact]
    public async Task A_Deployment_that_a_user_created_is_not_removed()
    {
        JsonObject pod = new()
        {
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "own", ["image"] = "own" }),
        };
        await Scene.Client.CreateAsync(
            ClusterKinds.Deployment,
            Scene.Namespace,
            new JsonObject
            {
                ["apiVersion"] = "apps/v1",
                ["kind"] = "Deployment",
                ["metadata"] = new JsonObject { ["name"] = ChangeLog },
                ["spec"] = new JsonObject
                {
                    ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["a"] = "b" } },
                    ["template"] = new JsonObject
                    {
                        ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["a"] = "b" } },
                        ["spec"] = pod,
                    },
                },
            },
            CancellationToken.None);
        await ApplyHourlyAsync();

        await ReconcileAsync("hourly");

        Assert.NotNull(await Scene.FindAsync(ClusterKinds.Deployment, ChangeLog));
    }

    [Fact]
    public async Task A_policy_without_a_schedule_gets_only_one_Job()
    {
        await ReconcileAsync(ClusterScene.Policy);
        JsonObject job = Assert.Single(await Scene.JobsAsync());
        Assert.Equal("True OnDemand", await ReadyAsync(ClusterScene.Policy));
        Assert.Empty(await ReconcileAsync(ClusterScene.Policy));
        Assert.Single(await Scene.JobsAsync());

        // The Job ran, and was removed after a day, like every Job.
        await Scene.PatchAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            """{"status":{"lastSuccessTime":"2026-01-01T00:00:00Z"}}""",
            "status");
        await Scene.DeleteAsync(ClusterKinds.Job, ObjectMetadata.Name(job));
        Assert.Empty(await ReconcileAsync(ClusterScene.Policy));
        Assert.Empty(await Scene.JobsAsync());
    }

    [Fact]
    public async Task A_suspended_policy_without_a_schedule_gets_no_Job()
    {
        await Scene.PatchAsync(ClusterKinds.Policy, ClusterScene.Policy, """{"spec":{"suspend":true}}""");

        await ReconcileAsync(ClusterScene.Policy);

        Assert.Empty(await Scene.JobsAsync());
    }

    [Fact]
    public async Task Each_value_of_the_annotation_creates_one_Job()
    {
        await ApplyHourlyAsync();
        await AnnotateAsync("one");
        await ReconcileAsync("hourly");
        Assert.Single(await Scene.JobsAsync());
        Assert.Equal("one", (string?)(await Scene.GetAsync(ClusterKinds.Policy, "hourly"))["status"]!["lastBackupNow"]);
        Assert.Empty(await ReconcileAsync("hourly"));

        // A controller that was killed after it created the Job and before it wrote the status.
        await Scene.PatchAsync(ClusterKinds.Policy, "hourly", """{"status":{"lastBackupNow":null}}""", "status");
        await ReconcileAsync("hourly");
        Assert.Single(await Scene.JobsAsync());

        await AnnotateAsync("two");
        await ReconcileAsync("hourly");
        Assert.Equal(2, (await Scene.JobsAsync()).Count);
    }

    [Fact]
    public async Task An_interval_that_a_CronJob_cannot_express_is_reported_and_the_CronJob_stays()
    {
        await ApplyHourlyAsync();
        await ReconcileAsync("hourly");
        await Scene.PatchAsync(ClusterKinds.Policy, "hourly", """{"spec":{"schedule":"@every 90m"}}""");

        await ReconcileAsync("hourly");

        Assert.Equal("False ScheduleNotExpressible", await ReadyAsync("hourly"));
        Assert.Equal("0 * * * *", (string?)(await Scene.GetAsync(ClusterKinds.CronJob, CronJob))["spec"]!["schedule"]);
        Assert.Empty(await ReconcileAsync("hourly"));
        Assert.Single(
            await Scene.EventsAsync(),
            line => line.StartsWith("Warning ScheduleNotExpressible", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_policy_of_the_worker_has_no_CronJob_and_the_worker_makes_its_backups()
    {
        await ApplyHourlyAsync();
        await ReconcileAsync("hourly");
        await Scene.PatchAsync(
            ClusterKinds.Policy,
            "hourly",
            """{"spec":{"schedule":"@every 90m","options":{"execution":"InProcess"}}}""");

        await ReconcileAsync("hourly");
        Assert.Null(await Scene.FindAsync(ClusterKinds.CronJob, CronJob));
        Assert.Equal("True InProcess", await ReadyAsync("hourly"));
        Assert.Empty(await ReconcileAsync("hourly"));

        Controllers.IsPolicyKnownToWorker = false;
        await AnnotateAsync("now");
        await ReconcileAsync("hourly");
        Assert.Null((await Scene.GetAsync(ClusterKinds.Policy, "hourly"))["status"]!["lastBackupNow"]);
        Controllers.IsPolicyKnownToWorker = true;
        await ReconcileAsync("hourly");
        Assert.Equal("now", (string?)(await Scene.GetAsync(ClusterKinds.Policy, "hourly"))["status"]!["lastBackupNow"]);
        Assert.Empty(await Scene.JobsAsync());
    }

    [Fact]
    public async Task A_missing_location_is_named_and_the_policy_recovers_when_it_is_created()
    {
        await Scene.ApplyAsync(
            "MetadataBackupPolicy",
            "early",
            "destination: late, etcdEndpoint: http://127.0.0.1:2379, schedule: '0 * * * *'");
        await ReconcileAsync("early");
        Assert.Equal("False Invalid", await ReadyAsync("early"));
        Assert.Single(await Scene.EventsAsync(), line => line.Contains("late", StringComparison.Ordinal));
        Assert.Null(await Scene.FindAsync(ClusterKinds.CronJob, "early-backup-cronjob"));

        await Scene.ApplyAsync("BackupLocation", "late", $"url: file://{Scene.RepositoryPath}, encryption: None");
        await ReconcileAsync("early");
        Assert.Equal("False LocationNotReady", await ReadyAsync("early"));

        await Controllers.ReconcileAsync(Controllers.Location, "late");
        await ReconcileAsync("early");
        Assert.Equal("True Scheduled", await ReadyAsync("early"));
    }

    [Fact]
    public async Task A_deleted_policy_removes_its_CronJob_owns_its_Jobs_and_keeps_its_records()
    {
        string uid = ObjectMetadata.Uid(await Scene.PolicyAsync());
        await Scene.StoreAsync(Scene.Manifest(0, policyUid: uid));
        await Scene.SyncAsync();
        await ApplyHourlyAsync();
        await AnnotateAsync("now");
        await ReconcileAsync("hourly");
        string owner = ObjectMetadata.Uid(await Scene.GetAsync(ClusterKinds.Policy, "hourly"));
        await Scene.DeleteAsync(ClusterKinds.Policy, "hourly");
        Assert.Null(await Scene.FindAsync(ClusterKinds.Policy, "hourly"));

        await ReconcileAsync("hourly");

        Assert.Null(await Scene.FindAsync(ClusterKinds.Policy, "hourly"));
        Assert.Null(await Scene.FindAsync(ClusterKinds.CronJob, CronJob));

        // In a cluster, the garbage collector removes the Job.
        Assert.Equal(
            owner,
            (string?)Assert.Single(await Scene.JobsAsync())["metadata"]!["ownerReferences"]![0]!["uid"]);
        Assert.Single(await Scene.RecordNamesAsync());
        Assert.Empty(Controllers.Observed.Known);
    }

    [Fact]
    public async Task A_finalizer_of_kubedr_or_of_an_older_agent_is_removed()
    {
        await ApplyHourlyAsync();
        await SetFinalizerAsync();
        await ReconcileAsync("hourly");
        Assert.Empty(ObjectMetadata.Finalizers(await Scene.GetAsync(ClusterKinds.Policy, "hourly")));

        await SetFinalizerAsync();
        await Scene.DeleteAsync(ClusterKinds.Policy, "hourly");
        await ReconcileAsync("hourly");

        Assert.Null(await Scene.FindAsync(ClusterKinds.Policy, "hourly"));
        Assert.Null(await Scene.FindAsync(ClusterKinds.CronJob, CronJob));
    }

    [Fact]
    public async Task A_CronJob_of_a_user_with_the_name_of_a_policys_CronJob_is_not_removed()
    {
        await Scene.Server.KubectlAsync(
            "-n", Scene.Namespace, "create", "cronjob", "by-hand-backup-cronjob", "--image=i", "--schedule=0 0 1 1 *");

        await ReconcileAsync("by-hand");

        Assert.NotNull(await Scene.FindAsync(ClusterKinds.CronJob, "by-hand-backup-cronjob"));
    }

    [Fact]
    public async Task A_failed_Job_of_an_earlier_policy_of_the_same_name_is_not_reported()
    {
        await ReconcileAsync(ClusterScene.Policy);
        string job = ObjectMetadata.Name(Assert.Single(await Scene.JobsAsync()));
        await Scene.EndAsync(job, isSuccess: false);
        DateTimeOffset made = ObjectMetadata.CreatedAt(await Scene.GetAsync(ClusterKinds.Job, job))!.Value;
        await Scene.DeleteAsync(ClusterKinds.Policy, ClusterScene.Policy);
        await TestDeadline.UntilAsync(
            "the next second", () => Task.FromResult(TimeProvider.System.GetUtcNow() >= made.AddSeconds(1)));

        await Scene.ApplyAsync(
            "MetadataBackupPolicy",
            ClusterScene.Policy,
            $"destination: {ClusterScene.Location}, etcdEndpoint: http://127.0.0.1:2379, schedule: '0 * * * *'");
        await ReconcileAsync(ClusterScene.Policy);

        Assert.Null((await Scene.StatusOfPolicyAsync())["backupStatus"]);
        Assert.DoesNotContain(
            await Scene.EventsAsync(), line => line.Contains("BackupFailed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_failure_of_a_Job_whose_pod_reported_nothing_is_reported_once()
    {
        await ReconcileAsync(ClusterScene.Policy);
        string job = ObjectMetadata.Name(Assert.Single(await Scene.JobsAsync()));
        await Scene.CreatePodAsync(
            job,
            """{"containerStatuses":[{"name":"backup","image":"","imageID":"","ready":false,"restartCount":0,"state":{"waiting":{"reason":"ImagePullBackOff"}}}]}"""
        );
        await Scene.EndAsync(job, isSuccess: false);

        await ReconcileAsync(ClusterScene.Policy);

        JsonObject status = await Scene.StatusOfPolicyAsync();
        Assert.Equal(("Failed", $"{job}-x7k2p"), ((string?)status["backupStatus"], (string?)status["backupPod"]));
        Assert.Contains("ImagePullBackOff", (string?)status["backupErrorMessage"], StringComparison.Ordinal);
        Assert.Equal("False", SceneObjects.Condition(await Scene.PolicyAsync(), "BackupSucceeded").Split(' ')[0]);
        Assert.Empty(await ReconcileAsync(ClusterScene.Policy));
        Assert.Single(
            await Scene.EventsAsync(),
            line => line.StartsWith("Warning BackupFailed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_failure_of_a_Job_whose_pod_reported_it_is_not_reported_again()
    {
        await ReconcileAsync(ClusterScene.Policy);
        string job = ObjectMetadata.Name(Assert.Single(await Scene.JobsAsync()));
        await Scene.EndAsync(job, isSuccess: false);
        await Scene.PatchAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            $$$"""
            {"status":{"backupStatus":"Failed","backupTime":"{{{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}}}",
            "backupPod":"{{{job}}}-x7k2p","backupErrorMessage":"the pod's own words"}}
            """,
            "status");

        await ReconcileAsync(ClusterScene.Policy);

        Assert.Equal("the pod's own words", (string?)(await Scene.StatusOfPolicyAsync())["backupErrorMessage"]);
        Assert.DoesNotContain(
            await Scene.EventsAsync(),
            line => line.Contains("BackupFailed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_server_names_the_field_that_its_validation_rejects()
    {
        JsonObject policy = new()
        {
            ["apiVersion"] = ClusterKinds.Policy.ApiVersion,
            ["kind"] = ClusterKinds.Policy.Kind,
            ["metadata"] = new JsonObject { ["name"] = "invalid" },
            ["spec"] = new JsonObject { ["destination"] = 7 },
        };

        ApiStatusException e = await Assert.ThrowsAsync<ApiStatusException>(() => Scene.Client.CreateAsync(
            ClusterKinds.Policy, Scene.Namespace, policy, CancellationToken.None));

        Assert.True(e.IsInvalid, e.Message);
    }

    private Task<string> ApplyHourlyAsync(string more = "suspend: false") => Scene.ApplyAsync(
        "MetadataBackupPolicy",
        "hourly",
        $"destination: {ClusterScene.Location}, etcdEndpoint: http://127.0.0.1:2379, schedule: '0 * * * *', {more}");

    private Task<JsonObject> SetFinalizerAsync() => Scene.PatchAsync(
        ClusterKinds.Policy, "hourly", $$$"""{"metadata":{"finalizers":["{{{ClusterNames.PolicyFinalizer}}}"]}}""");

    private Task<JsonObject> AnnotateAsync(string value) =>
        Scene.PatchAsync(
            ClusterKinds.Policy,
            "hourly",
            $$$$"""{"metadata":{"annotations":{"{{{{ClusterNames.BackupNowAnnotation}}}}":"{{{{value}}}}"}}}""");

    private Task<string[]> ReconcileAsync(string name) => Controllers.ReconcileAsync(Controllers.Policy, name);

    private Task<string> ReadyAsync(string name) => Scene.ReadyAsync(ClusterKinds.Policy, name);
}
