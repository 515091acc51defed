using System.Text.Json.Nodes;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Testing;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>One look after the other at a policy, on a real API server; its location is ready.</summary>
[Collection(ClusterTests.Name)]
public sealed class PolicyReconcilerTests(ClusterFixture fixture) : ControllerTests(fixture)
{
    private const string CronJob = "hourly-backup-cronjob";

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await Controllers.LookAsync(Controllers.Location, ClusterScene.Location);
    }

    [Fact]
    public async Task A_policy_with_a_schedule_gets_a_CronJob_and_a_second_look_writes_nothing()
    {
        await ApplyHourlyAsync();

        await LookAsync("hourly");

        JsonObject policy = await Scene.GetAsync(ClusterKinds.Policy, "hourly");
        Assert.Equal("True Scheduled", SceneObjects.Condition(policy, "Ready"));
        Assert.Equal(1, (long?)policy["status"]!["observedGeneration"]);
        Assert.Empty(ObjectMetadata.Finalizers(policy));
        JsonObject cronJob = await Scene.GetAsync(ClusterKinds.CronJob, CronJob);
        Assert.Equal(("0 * * * *", false), ((string?)cronJob["spec"]!["schedule"], (bool?)cronJob["spec"]!["suspend"]));
        Assert.Equal(ObjectMetadata.Uid(policy), (string?)cronJob["metadata"]!["ownerReferences"]![0]!["uid"]);
        Assert.Empty(await LookAsync("hourly"));
        Assert.Empty(await Scene.JobsAsync());
        Assert.Equal("hourly", Controllers.Observed.Known["hourly"]?.Name.Name);
    }

    [Fact]
    public async Task What_the_policy_says_anew_reaches_the_CronJob_and_what_it_says_no_more_leaves_it()
    {
        await ApplyHourlyAsync("timeZone: Europe/Berlin");
        await LookAsync("hourly");
        Assert.Equal(
            "Europe/Berlin",
            (string?)(await Scene.GetAsync(ClusterKinds.CronJob, CronJob))["spec"]!["timeZone"]);

        await Scene.PatchAsync(
            ClusterKinds.Policy, "hourly", """{"spec":{"schedule":"@every 6h","timeZone":null,"suspend":true}}""");
        await LookAsync("hourly");

        JsonNode spec = (await Scene.GetAsync(ClusterKinds.CronJob, CronJob))["spec"]!;
        Assert.Equal(
            ("0 */6 * * *", null, true),
            ((string?)spec["schedule"], (string?)spec["timeZone"], (bool?)spec["suspend"]));
        Assert.Equal("True Suspended", await ReadyAsync("hourly"));
        Assert.Empty(await LookAsync("hourly"));
    }

    [Fact]
    public async Task What_somebody_edits_or_deletes_of_a_CronJob_is_as_before_after_the_next_look()
    {
        await ApplyHourlyAsync();
        await LookAsync("hourly");

        await Scene.PatchAsync(
            ClusterKinds.CronJob,
            CronJob,
            """{"spec":{"schedule":"0 0 1 1 *","concurrencyPolicy":"Allow"}}""");
        Assert.Equal(["patch cronjobs"], await LookAsync("hourly"));
        JsonNode spec = (await Scene.GetAsync(ClusterKinds.CronJob, CronJob))["spec"]!;
        Assert.Equal(("0 * * * *", "Forbid"), ((string?)spec["schedule"], (string?)spec["concurrencyPolicy"]));

        await Scene.DeleteAsync(ClusterKinds.CronJob, CronJob);
        await LookAsync("hourly");
        Assert.NotNull(await Scene.FindAsync(ClusterKinds.CronJob, CronJob));
    }

    [Fact]
    public async Task A_policy_without_a_schedule_gets_one_Job_ever()
    {
        await LookAsync(ClusterScene.Policy);
        JsonObject job = Assert.Single(await Scene.JobsAsync());
        Assert.Equal("True OnDemand", await ReadyAsync(ClusterScene.Policy));
        Assert.Empty(await LookAsync(ClusterScene.Policy));
        Assert.Single(await Scene.JobsAsync());

        // It ran, and was removed as Jobs are after a day.
        await Scene.PatchAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            """{"status":{"lastSuccessTime":"2026-01-01T00:00:00Z"}}""",
            "status");
        await Scene.DeleteAsync(ClusterKinds.Job, ObjectMetadata.Name(job));
        Assert.Empty(await LookAsync(ClusterScene.Policy));
        Assert.Empty(await Scene.JobsAsync());
    }

    [Fact]
    public async Task A_suspended_policy_without_a_schedule_gets_none()
    {
        await Scene.PatchAsync(ClusterKinds.Policy, ClusterScene.Policy, """{"spec":{"suspend":true}}""");

        await LookAsync(ClusterScene.Policy);

        Assert.Empty(await Scene.JobsAsync());
    }

    [Fact]
    public async Task Each_value_of_the_annotation_makes_one_Job()
    {
        await ApplyHourlyAsync();
        await AnnotateAsync("one");
        await LookAsync("hourly");
        Assert.Single(await Scene.JobsAsync());
        Assert.Equal("one", (string?)(await Scene.GetAsync(ClusterKinds.Policy, "hourly"))["status"]!["lastBackupNow"]);
        Assert.Empty(await LookAsync("hourly"));

        // A controller that died between the Job and the note of it.
        await Scene.PatchAsync(ClusterKinds.Policy, "hourly", """{"status":{"lastBackupNow":null}}""", "status");
        await LookAsync("hourly");
        Assert.Single(await Scene.JobsAsync());

        await AnnotateAsync("two");
        await LookAsync("hourly");
        Assert.Equal(2, (await Scene.JobsAsync()).Count);
    }

    [Fact]
    public async Task An_interval_that_a_CronJob_cannot_keep_is_said_and_keeps_the_CronJob_that_is_there()
    {
        await ApplyHourlyAsync();
        await LookAsync("hourly");
        await Scene.PatchAsync(ClusterKinds.Policy, "hourly", """{"spec":{"schedule":"@every 90m"}}""");

        await LookAsync("hourly");

        Assert.Equal("False ScheduleNotExpressible", await ReadyAsync("hourly"));
        Assert.Equal("0 * * * *", (string?)(await Scene.GetAsync(ClusterKinds.CronJob, CronJob))["spec"]!["schedule"]);
        Assert.Empty(await LookAsync("hourly"));
        Assert.Single(
            await Scene.EventsAsync(),
            line => line.StartsWith("Warning ScheduleNotExpressible", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_policy_that_the_worker_keeps_has_no_CronJob_and_the_worker_is_asked()
    {
        await ApplyHourlyAsync();
        await LookAsync("hourly");
        await Scene.PatchAsync(
            ClusterKinds.Policy,
            "hourly",
            """{"spec":{"schedule":"@every 90m","options":{"execution":"InProcess"}}}""");

        await LookAsync("hourly");
        Assert.Null(await Scene.FindAsync(ClusterKinds.CronJob, CronJob));
        Assert.Equal("True InProcess", await ReadyAsync("hourly"));
        Assert.Empty(await LookAsync("hourly"));

        Controllers.IsWorkerThere = false;
        await AnnotateAsync("now");
        await LookAsync("hourly");
        Assert.Null((await Scene.GetAsync(ClusterKinds.Policy, "hourly"))["status"]!["lastBackupNow"]);
        Controllers.IsWorkerThere = true;
        await LookAsync("hourly");
        Assert.Equal("now", (string?)(await Scene.GetAsync(ClusterKinds.Policy, "hourly"))["status"]!["lastBackupNow"]);
        Assert.Empty(await Scene.JobsAsync());
    }

    [Fact]
    public async Task A_location_that_is_not_there_is_named_and_the_policy_heals_when_it_comes()
    {
        await Scene.ApplyAsync(
            "MetadataBackupPolicy",
            "early",
            "destination: late, etcdEndpoint: http://127.0.0.1:2379, schedule: '0 * * * *'");
        await LookAsync("early");
        Assert.Equal("False Invalid", await ReadyAsync("early"));
        Assert.Single(await Scene.EventsAsync(), line => line.Contains("late", StringComparison.Ordinal));
        Assert.Null(await Scene.FindAsync(ClusterKinds.CronJob, "early-backup-cronjob"));

        await Scene.ApplyAsync("BackupLocation", "late", $"url: file://{Scene.RepositoryPath}, encryption: None");
        await LookAsync("early");
        Assert.Equal("False LocationNotReady", await ReadyAsync("early"));

        await Controllers.LookAsync(Controllers.Location, "late");
        await LookAsync("early");
        Assert.Equal("True Scheduled", await ReadyAsync("early"));
    }

    [Fact]
    public async Task A_policy_that_goes_takes_its_CronJob_and_owns_its_Jobs_and_leaves_its_records()
    {
        string uid = ObjectMetadata.Uid(await Scene.PolicyAsync());
        await Scene.StoreAsync(Scene.Manifest(0, policyUid: uid));
        await Scene.SyncAsync();
        await ApplyHourlyAsync();
        await AnnotateAsync("now");
        await LookAsync("hourly");
        string owner = ObjectMetadata.Uid(await Scene.GetAsync(ClusterKinds.Policy, "hourly"));
        await Scene.DeleteAsync(ClusterKinds.Policy, "hourly");
        Assert.Null(await Scene.FindAsync(ClusterKinds.Policy, "hourly"));

        await LookAsync("hourly");

        Assert.Null(await Scene.FindAsync(ClusterKinds.Policy, "hourly"));
        Assert.Null(await Scene.FindAsync(ClusterKinds.CronJob, CronJob));

        // In a cluster the garbage collector removes it.
        Assert.Equal(
            owner,
            (string?)Assert.Single(await Scene.JobsAsync())["metadata"]!["ownerReferences"]![0]!["uid"]);
        Assert.Single(await Scene.RecordNamesAsync());
        Assert.Empty(Controllers.Observed.Known);
    }

    [Fact]
    public async Task A_finalizer_that_kubedr_or_an_older_agent_set_is_removed_and_keeps_no_policy()
    {
        await ApplyHourlyAsync();
        await SetFinalizerAsync();
        await LookAsync("hourly");
        Assert.Empty(ObjectMetadata.Finalizers(await Scene.GetAsync(ClusterKinds.Policy, "hourly")));

        await SetFinalizerAsync();
        await Scene.DeleteAsync(ClusterKinds.Policy, "hourly");
        await LookAsync("hourly");

        Assert.Null(await Scene.FindAsync(ClusterKinds.Policy, "hourly"));
        Assert.Null(await Scene.FindAsync(ClusterKinds.CronJob, CronJob));
    }

    [Fact]
    public async Task A_CronJob_that_a_person_made_under_the_name_of_ours_is_left()
    {
        await Scene.Server.KubectlAsync(
            "-n", Scene.Namespace, "create", "cronjob", "by-hand-backup-cronjob", "--image=i", "--schedule=0 0 1 1 *");

        await LookAsync("by-hand");

        Assert.NotNull(await Scene.FindAsync(ClusterKinds.CronJob, "by-hand-backup-cronjob"));
    }

    [Fact]
    public async Task A_Job_that_failed_for_an_earlier_policy_of_the_name_is_not_reported_on_the_new_one()
    {
        await LookAsync(ClusterScene.Policy);
        string job = ObjectMetadata.Name(Assert.Single(await Scene.JobsAsync()));
        await Scene.EndAsync(job, well: false);
        DateTimeOffset made = ObjectMetadata.CreatedAt(await Scene.GetAsync(ClusterKinds.Job, job))!.Value;
        await Scene.DeleteAsync(ClusterKinds.Policy, ClusterScene.Policy);
        await TestDeadline.UntilAsync(
            "the next second", () => Task.FromResult(TimeProvider.System.GetUtcNow() >= made.AddSeconds(1)));

        await Scene.ApplyAsync(
            "MetadataBackupPolicy",
            ClusterScene.Policy,
            $"destination: {ClusterScene.Location}, etcdEndpoint: http://127.0.0.1:2379, schedule: '0 * * * *'");
        await LookAsync(ClusterScene.Policy);

        Assert.Null((await Scene.StatusOfPolicyAsync())["backupStatus"]);
        Assert.DoesNotContain(
            await Scene.EventsAsync(), line => line.Contains("BackupFailed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_Job_whose_pod_could_not_speak_is_told_of_once()
    {
        await LookAsync(ClusterScene.Policy);
        string job = ObjectMetadata.Name(Assert.Single(await Scene.JobsAsync()));
        await Scene.CreatePodAsync(
            job,
            """{"containerStatuses":[{"name":"backup","image":"","imageID":"","ready":false,"restartCount":0,"state":{"waiting":{"reason":"ImagePullBackOff"}}}]}"""
        );
        await Scene.EndAsync(job, well: false);

        await LookAsync(ClusterScene.Policy);

        JsonObject status = await Scene.StatusOfPolicyAsync();
        Assert.Equal(("Failed", $"{job}-x7k2p"), ((string?)status["backupStatus"], (string?)status["backupPod"]));
        Assert.Contains("ImagePullBackOff", (string?)status["backupErrorMessage"], StringComparison.Ordinal);
        Assert.Equal("False", SceneObjects.Condition(await Scene.PolicyAsync(), "BackupSucceeded").Split(' ')[0]);
        Assert.Empty(await LookAsync(ClusterScene.Policy));
        Assert.Single(
            await Scene.EventsAsync(),
            line => line.StartsWith("Warning BackupFailed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_Job_whose_pod_has_spoken_is_not_told_of_again()
    {
        await LookAsync(ClusterScene.Policy);
        string job = ObjectMetadata.Name(Assert.Single(await Scene.JobsAsync()));
        await Scene.EndAsync(job, well: false);
        await Scene.PatchAsync(
            ClusterKinds.Policy,
            ClusterScene.Policy,
            $$$"""
            {"status":{"backupStatus":"Failed","backupTime":"{{{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}}}",
            "backupPod":"{{{job}}}-x7k2p","backupErrorMessage":"the pod's own words"}}
            """,
            "status");

        await LookAsync(ClusterScene.Policy);

        Assert.Equal("the pod's own words", (string?)(await Scene.StatusOfPolicyAsync())["backupErrorMessage"]);
        Assert.DoesNotContain(
            await Scene.EventsAsync(),
            line => line.Contains("BackupFailed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_server_names_the_field_that_its_validation_refuses()
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

    private Task<string[]> LookAsync(string name) => Controllers.LookAsync(Controllers.Policy, name);

    private Task<string> ReadyAsync(string name) => Scene.ReadyAsync(ClusterKinds.Policy, name);
}
