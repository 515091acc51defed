using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Controllers;

/// <summary>What the status of Jobs and pods shows if the program in the pod could not report it.</summary>
public sealed class JobReportTests
{
    [Theory]
    [InlineData(
        """{"containerStatuses":[{"state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image."}}}]}""",
        "the container did not start (ImagePullBackOff): Back-off pulling image")]
    [InlineData(
        """{"containerStatuses":[{"state":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}""",
        "the container exited with code 137 (OOMKilled)")]
    [InlineData(
        """{"containerStatuses":[{"state":{"terminated":{"exitCode":1,"reason":"Error"}}}],"reason":"Evicted"}""",
        "the container exited with code 1 (Error)")]
    [InlineData(
        """{"phase":"Failed","reason":"Evicted","message":"The node was low on resource: memory."}""",
        "the pod failed (Evicted): The node was low on resource: memory")]
    [InlineData(
        """{"phase":"Failed","reason":"NodeLost","containerStatuses":[{"state":{"running":{}}}]}""",
        "the pod failed (NodeLost)")]
    [InlineData(
        """{"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/3 nodes are available"}]}""",
        "no node was found for the pod: 0/3 nodes are available")]
    [InlineData("""{"phase":"Running","containerStatuses":[{"state":{"running":{}}}]}""", null)]
    [InlineData("{}", null)]
    public void The_status_of_a_failed_pod_gives_the_reason(string status, string? why) =>
        Assert.Equal(why, PodFailure.Of(new PodObject(new JsonObject { ["status"] = JsonNode.Parse(status) })));

    [Theory]
    [InlineData("""{"conditions":[{"type":"Complete","status":"True"}]}""", true, null)]
    [InlineData(
        """{"conditions":[{"type":"Failed","status":"True","reason":"DeadlineExceeded","message":"Job was active too long","lastTransitionTime":"2026-01-01T01:00:00Z"}]}""",
        false, "2026-01-01T01:00:00 Job was active too long")]
    [InlineData(
        """{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded"}]}""",
        false,
        "2026-01-01T00:00:00 BackoffLimitExceeded")]
    [InlineData("""{"conditions":[{"type":"Failed","status":"False"}]}""", false, null)]
    [InlineData("""{"active":1}""", false, null)]
    [InlineData("{}", false, null)]
    public void A_Job_is_complete_or_failed_or_has_not_ended(string status, bool isComplete, string? failure)
    {
        JobObject job = new(new JsonObject
        {
            ["metadata"] = new JsonObject { ["creationTimestamp"] = "2026-01-01T00:00:00Z" },
            ["status"] = JsonNode.Parse(status),
        });

        Assert.Equal(isComplete, JobState.IsComplete(job));
        Assert.Equal(
            failure,
            JobState.Failure(job) is var (at, message) ? $"{at:yyyy-MM-ddTHH:mm:ss} {message}" : null);
    }

    [Theory]
    [InlineData("""{"active":1}""", false, false)]
    [InlineData("""{"active":1,"ready":0}""", false, false)]
    [InlineData("""{"active":1,"ready":1}""", false, true)]
    [InlineData("""{"conditions":[{"type":"Complete","status":"True"}]}""", true, false)]
    [InlineData("""{"conditions":[{"type":"Failed","status":"True"}]}""", true, false)]
    [InlineData("""{"active":1,"conditions":[{"type":"FailureTarget","status":"True"}]}""", true, false)]
    [InlineData("""{"active":1,"conditions":[{"type":"SuccessCriteriaMet","status":"True"}]}""", true, false)]
    public void A_Job_is_ending_or_has_a_ready_pod_or_neither(string status, bool isEnding, bool hasReadyPod)
    {
        JobObject job = new(new JsonObject { ["status"] = JsonNode.Parse(status) });

        Assert.Equal((isEnding, hasReadyPod), (JobState.IsEnding(job), JobState.HasReadyPod(job)));
    }

    /// <summary>The Job began at 10:00:05 and failed at 10:00:09; another Job was created after it.</summary>
    [Theory]
    [InlineData("{}", false)]
    [InlineData("""{"backupTime":"2026-01-01T10:00:07Z","backupStatus":"Failed","backupPod":"job-1-x7k2p"}""", true)]
    [InlineData(
        """{"backupTime":"2026-01-01T10:00:06Z","backupStatus":"Initializing","backupPod":"job-1-x7k2p"}""",
        false)]
    [InlineData("""{"backupTime":"2026-01-01T10:00:05Z","backupStatus":"Pending","backupPod":"job-1"}""", false)]
    [InlineData("""{"backupTime":"2026-01-01T10:00:05Z","backupStatus":"Failed","backupPod":"job-0-b4w9q"}""", false)]
    [InlineData("""{"backupTime":"2026-01-01T10:00:04Z","backupStatus":"Failed","backupPod":"job-0-b4w9q"}""", false)]
    [InlineData("""{"backupTime":"2026-01-01T10:00:09Z","backupStatus":"Failed","backupPod":"job-10-b4w9q"}""", false)]
    [InlineData("""{"backupTime":"2026-01-01T10:00:09Z","backupStatus":"Failed","backupPod":"job-1"}""", true)]
    [InlineData("""{"backupTime":"2026-01-01T10:00:09Z","backupStatus":"Completed","backupPod":"job-2-m1n8c"}""", true)]
    [InlineData(
        """{"backupTime":"2026-01-01T10:00:09Z","backupStatus":"Initializing","backupPod":"job-2-m1n8c"}""",
        false)]
    [InlineData("""{"backupTime":"2026-01-01T10:00:10Z","backupStatus":"Completed","backupPod":"job-9-m1n8c"}""", true)]
    public void The_end_of_a_Job_was_reported_by_its_pod_or_a_later_pod(string status, bool isReported) => Assert.Equal(
        isReported,
        new PolicyStatus((JsonObject)JsonNode.Parse(status)!).IsReported(
            ["job-1", "job-2"],
            new DateTimeOffset(2026, 1, 1, 10, 0, 5, 300, TimeSpan.Zero),
            new DateTimeOffset(2026, 1, 1, 10, 0, 9, TimeSpan.Zero),
            new DateTimeOffset(2026, 1, 1, 11, 0, 0, TimeSpan.Zero)));

    [Fact]
    public void Jobs_are_ordered_by_their_start_and_then_by_their_names()
    {
        JobObject[] jobs = [Job("cron-3", 5), Job("cron-1", 7), Job("cron-2", 5), Job("cron-4", 4)];

        Assert.Equal(["cron-4", "cron-2", "cron-3", "cron-1"], PolicyJobs.InOrder(jobs).Select(job => job.Name));
    }

    [Fact]
    public void Among_Jobs_that_failed_in_one_second_the_one_that_began_last_is_reported()
    {
        JobObject[] jobs =
        [
            Job("cron-3", 5, failed: 8), Job("cron-4", 7), Job("cron-2", 5, failed: 8), Job("cron-1", 3, failed: 6),
        ];

        FailedJob last = Assert.IsType<FailedJob>(FailedJob.Last(jobs));

        Assert.Equal(("cron-3", 8), (last.Job.Name, last.At.Second));
        Assert.Equal(["cron-3", "cron-4"], last.SinceThen);
        Assert.Null(FailedJob.Last([Job("cron-4", 7)]));
    }

    [Fact]
    public void The_name_of_a_Job_for_one_backup_depends_on_the_policy_and_the_request()
    {
        PolicyObject policy = Policy("uid-1");

        string name = PolicyJobs.NameOf(policy, "now 1");

        Assert.StartsWith("nightly-backup-", name, StringComparison.Ordinal);
        Assert.Equal(name, PolicyJobs.NameOf(Policy("uid-1"), "now 1"));
        Assert.NotEqual(name, PolicyJobs.NameOf(policy, "now 2"));
        Assert.NotEqual(name, PolicyJobs.NameOf(Policy("uid-2"), "now 1"));
    }

    private static JobObject Job(string name, int second, int? failed = null) => new(new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["creationTimestamp"] = $"2026-01-01T00:00:0{second}Z" },
        ["status"] = failed is null
            ? null
            : JsonNode.Parse(
                $$"""{"conditions":[{"type":"Failed","status":"True","lastTransitionTime":"2026-01-01T00:00:0{{failed}}Z"}]}"""),
    });

    private static PolicyObject Policy(string uid) =>
        new(new JsonObject { ["metadata"] = new JsonObject { ["name"] = "nightly", ["uid"] = uid } });
}
