using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Objects;

public sealed class PolicyStatusTests
{
    private static readonly DateTimeOffset Start = SampleSnapshots.NewYear;

    /// <summary>A time after all events.</summary>
    private static readonly DateTimeOffset Later = Start.AddDays(1);

    private static readonly BackupException Failure = new(FailureReason.StoreFull, "The bucket is full.")
    {
        Hint = "Make room.",
    };

    [Fact]
    public void A_run_changes_from_begun_to_completed()
    {
        JsonObject status = new() { ["backupErrorMessage"] = "an old error", ["lastBackupNow"] = "1" };

        new PolicyStatus(status).SetBegun("pod-1", generation: 3, Start);
        Assert.Equal(
            """{"lastBackupNow":"1","backupTime":"2026-01-01T00:00:00Z","backupStatus":"Initializing","observedGeneration":3,"backupPod":"pod-1"}""",
            status.ToJsonString());

        SnapshotManifest manifest = Manifest(0);
        new PolicyStatus(status).SetSucceeded(manifest, "pod-1", generation: 3, Later);
        Assert.Equal(
            $$"""
            {"lastBackupNow":"1","backupTime":"2026-01-01T00:00:12Z","backupStatus":"Completed","observedGeneration":3,"backupPod":"pod-1",
            "conditions":[{"type":"BackupSucceeded","status":"True","reason":"Completed","message":"Backup completed, snapshot ID: {{manifest.Id}}",
            "observedGeneration":3,"lastTransitionTime":"2026-01-01T00:00:12Z"}],
            "mbrName":"mbr-{{manifest.Id}}","snapshotId":"{{manifest.Id}}","filesNew":1,"filesChanged":0,"dataAdded":4096,
            "totalBytesProcessed":20512,"totalDurationSecs":"12","lastSuccessTime":"2026-01-01T00:00:12Z","etcdClusterId":"c1"}
            """.ReplaceLineEndings(""),
            status.ToJsonString());
    }

    [Fact]
    public void A_failed_run_does_not_change_the_last_success()
    {
        JsonObject status = [];
        new PolicyStatus(status).SetSucceeded(Manifest(0), "pod-1", generation: 1, Later);
        JsonNode success = status["snapshotId"]!.DeepClone();

        new PolicyStatus(status).SetFailed(Failure, "pod-2", generation: 2, Start.AddHours(1), Later);

        Assert.Equal(
            ("Failed", "The bucket is full. Make room.", "pod-2", "2026-01-01T00:00:12Z", 2L),
            ((string?)status["backupStatus"], (string?)status["backupErrorMessage"], (string?)status["backupPod"],
                (string?)status["lastSuccessTime"], (long)status["observedGeneration"]!));
        Assert.True(JsonNode.DeepEquals(success, status["snapshotId"]));
        Assert.Equal("StoreFull", (string?)status["conditions"]![0]!["reason"]);

        new PolicyStatus(status).SetSucceeded(Manifest(2), "pod-3", generation: 2, Later);
        Assert.Null(status["backupErrorMessage"]);
    }

    [Fact]
    public void Both_parts_move_only_forward_in_time()
    {
        JsonObject status = [];
        new PolicyStatus(status).SetFailed(Failure, "pod-2", generation: 1, Start.AddHours(5), Later);

        // A success before the failure: it is the last success, but not the last run.
        SnapshotManifest before = Manifest(3);
        new PolicyStatus(status).SetSucceeded(before, pod: null, generation: 1, Later);
        Assert.Equal(
            ("Failed", $"{before.Id}", "pod-2"),
            ((string?)status["backupStatus"], (string?)status["snapshotId"], (string?)status["backupPod"]));

        new PolicyStatus(status).SetSucceeded(Manifest(2), pod: null, generation: 1, Later);
        new PolicyStatus(status).SetBegun("pod-0", generation: 1, Start.AddHours(5).AddMinutes(-4));
        Assert.Equal(("Failed", $"{before.Id}"), ((string?)status["backupStatus"], (string?)status["snapshotId"]));
    }

    [Fact]
    public void Reporting_the_same_success_twice_changes_nothing()
    {
        JsonObject status = [];
        SnapshotManifest manifest = Manifest(0) with { CompletedAt = Start.AddSeconds(12.345) };
        new PolicyStatus(status).SetSucceeded(manifest, "pod-1", generation: 1, Later);
        string once = status.ToJsonString();

        new PolicyStatus(status).SetSucceeded(manifest, "pod-1", generation: 1, Later);

        Assert.Equal(once, status.ToJsonString());
        Assert.Equal("12.345", (string?)status["totalDurationSecs"]);
    }

    [Fact]
    public void Only_a_sound_and_newer_verification_counts()
    {
        JsonObject status = [];
        new PolicyStatus(status).SetVerified(verification: null, Later);
        new PolicyStatus(status).SetVerified(
            SampleSnapshots.Verification(Manifest(9), VerificationResult.Damaged), Later);
        Assert.Null(status["verifiedTime"]);

        new PolicyStatus(status).SetVerified(
            SampleSnapshots.Verification(Manifest(5), VerificationResult.Sound), Later);
        new PolicyStatus(status).SetVerified(
            SampleSnapshots.Verification(Manifest(1), VerificationResult.Sound), Later);
        Assert.Equal("2026-01-01T06:00:05Z", (string?)status["verifiedTime"]);
    }

    [Fact]
    public void A_time_from_a_wrong_clock_does_not_hide_later_runs()
    {
        JsonObject status = [];
        SnapshotManifest wrong = Manifest(24 * 900);
        new PolicyStatus(status).SetSucceeded(wrong, "pod-1", generation: 1, Start.AddDays(900));
        new PolicyStatus(status).SetVerified(
            SampleSnapshots.Verification(wrong, VerificationResult.Sound), Start.AddDays(901));

        SnapshotManifest right = Manifest(1);
        new PolicyStatus(status).SetSucceeded(right, "pod-2", generation: 1, Start.AddHours(1));
        new PolicyStatus(status).SetVerified(SampleSnapshots.Verification(right, VerificationResult.Sound), Later);

        Assert.Equal(
            ("2026-01-01T01:00:12Z", "2026-01-01T01:00:12Z", $"{right.Id}", "2026-01-01T02:00:05Z"),
            ((string?)status["backupTime"], (string?)status["lastSuccessTime"], (string?)status["snapshotId"],
                (string?)status["verifiedTime"]));
    }

    [Fact]
    public void A_time_in_the_future_does_not_count_as_the_report_of_a_failed_Job()
    {
        JsonObject status = new()
        {
            ["backupTime"] = "2028-01-01T00:00:00Z",
            ["backupStatus"] = "Completed",
            ["backupPod"] = "pod-1",
        };

        Assert.False(new PolicyStatus(status).IsReported(["job-1"], Start, Start.AddMinutes(1), Later));
        new PolicyStatus(status).SetFailed(Failure, "job-1", generation: 1, Start.AddMinutes(1), Later);
        Assert.Equal("Failed", (string?)status["backupStatus"]);
        Assert.True(new PolicyStatus(status).IsReported(["job-1"], Start, Start.AddMinutes(1), Later));
    }

    [Fact]
    public void The_fields_that_were_set_are_read()
    {
        JsonObject json = [];
        PolicyStatus status = new(json);
        SnapshotManifest manifest = Manifest(0);

        status.SetSucceeded(manifest, "pod-1", generation: 1, Later);
        status.SetVerified(SampleSnapshots.Verification(manifest, VerificationResult.Sound), Later);
        status.SetBackupNow("7");

        PolicyStatus read = new((JsonObject)JsonNode.Parse(json.ToJsonString())!);
        Assert.Equal(
            (PolicyRunState.Completed, manifest.CompletedAt, manifest.CompletedAt, (string?)manifest.Id.Value),
            (read.State!.Value, read.RunAt!.Value, read.LastSuccessAt!.Value, read.SnapshotId));
        Assert.Equal(
            (manifest.PlainBytes, manifest.StoredBytes, manifest.Duration, manifest.ClusterId),
            (read.PlainBytes!.Value, read.StoredBytes!.Value, read.Duration!.Value, read.EtcdClusterId!.Value));
        Assert.Equal(("7", true), (read.LastBackupNow, read.VerifiedAt > Start));
        Assert.Null(read.LastFailureReason);

        status.SetFailed(Failure, "pod-2", generation: 1, Start.AddHours(1), Later);
        Assert.Equal((PolicyRunState.Failed, FailureReason.StoreFull), (status.State, status.LastFailureReason));
    }

    [Fact]
    public void A_delayed_start_is_reported_until_the_pod_of_that_Job_writes()
    {
        PolicyStatus status = new([]);
        StartDelay delay = new("Unschedulable", "no node was found for the pod");
        status.SetDelayed(delay, new DelayedJob("job-1", Pod: null, Start), "Look there.", generation: 1, Start);
        Assert.Equal(PolicyRunState.Pending, status.State);

        status.SetStartedBy("job-2-xyz12", generation: 1, Later);
        Assert.True(status.Conditions.IsFalse(StatusConditions.PodStarted));

        status.SetStartedBy("job-1-xyz12", generation: 1, Later);
        Assert.True(status.Conditions.IsTrue(StatusConditions.PodStarted));
        Assert.Equal((PolicyRunState.Initializing, Later), (status.State, status.Conditions.Since("PodStarted")));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"backupStatus":"Elsewhere","backupTime":"yesterday","dataAdded":"much","totalDurationSecs":7}""")]
    [InlineData("""{"backupStatus":"1","backupTime":{},"dataAdded":1.5,"totalDurationSecs":"long"}""")]
    [InlineData("""{"backupStatus":null,"backupTime":null,"conditions":{"type":"Ready"}}""")]
    public void Fields_that_are_absent_or_of_another_type_are_read_as_null(string json)
    {
        PolicyStatus status = new((JsonObject)JsonNode.Parse(json)!);

        Assert.Null(status.State);
        Assert.Null(status.RunAt);
        Assert.Null(status.StoredBytes);
        Assert.Null(status.Duration);
        Assert.Null(status.LastFailureReason);
        Assert.False(status.Conditions.IsTrue(StatusConditions.Ready));
    }

    private static SnapshotManifest Manifest(int hours) =>
        SampleSnapshots.Manifest(new SnapshotFolder(Start.AddHours(hours), SnapshotId.New()));
}
