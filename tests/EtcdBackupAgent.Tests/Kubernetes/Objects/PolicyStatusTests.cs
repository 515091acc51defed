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

    /// <summary>After all that happens.</summary>
    private static readonly DateTimeOffset Later = Start.AddDays(1);

    private static readonly BackupException Failure = new(FailureReason.StoreFull, "The bucket is full.") { Hint = "Make room." };

    [Fact]
    public void A_run_goes_from_begun_to_completed()
    {
        JsonObject status = new() { ["backupErrorMessage"] = "of before", ["lastBackupNow"] = "1" };

        PolicyStatus.SetBegun(status, "pod-1", generation: 3, Start);
        Assert.Equal(
            """{"lastBackupNow":"1","backupTime":"2026-01-01T00:00:00Z","backupStatus":"Initializing","observedGeneration":3,"backupPod":"pod-1"}""",
            status.ToJsonString());

        SnapshotManifest manifest = Manifest(0);
        PolicyStatus.SetSucceeded(status, manifest, "pod-1", generation: 3, Later);
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
    public void A_run_that_fails_leaves_the_last_success()
    {
        JsonObject status = [];
        PolicyStatus.SetSucceeded(status, Manifest(0), "pod-1", generation: 1, Later);
        JsonNode success = status["snapshotId"]!.DeepClone();

        PolicyStatus.SetFailed(status, Failure, "pod-2", generation: 2, Start.AddHours(1), Later);

        Assert.Equal(
            ("Failed", "The bucket is full. Make room.", "pod-2", "2026-01-01T00:00:12Z", 2L),
            ((string?)status["backupStatus"], (string?)status["backupErrorMessage"], (string?)status["backupPod"],
                (string?)status["lastSuccessTime"], (long)status["observedGeneration"]!));
        Assert.True(JsonNode.DeepEquals(success, status["snapshotId"]));
        Assert.Equal("StoreFull", (string?)status["conditions"]![0]!["reason"]);

        PolicyStatus.SetSucceeded(status, Manifest(2), "pod-3", generation: 2, Later);
        Assert.Null(status["backupErrorMessage"]);
    }

    [Fact]
    public void Both_parts_go_forward_only()
    {
        JsonObject status = [];
        PolicyStatus.SetFailed(status, Failure, "pod-2", generation: 1, Start.AddHours(5), Later);

        // A success of before the failure: it is the last success, and not the last run.
        SnapshotManifest before = Manifest(3);
        PolicyStatus.SetSucceeded(status, before, pod: null, generation: 1, Later);
        Assert.Equal(("Failed", $"{before.Id}", "pod-2"), ((string?)status["backupStatus"], (string?)status["snapshotId"], (string?)status["backupPod"]));

        PolicyStatus.SetSucceeded(status, Manifest(2), pod: null, generation: 1, Later);
        PolicyStatus.SetBegun(status, "pod-0", generation: 1, Start.AddHours(5).AddMinutes(-4));
        Assert.Equal(("Failed", $"{before.Id}"), ((string?)status["backupStatus"], (string?)status["snapshotId"]));
    }

    [Fact]
    public void The_same_success_said_twice_changes_nothing()
    {
        JsonObject status = [];
        SnapshotManifest manifest = Manifest(0) with { CompletedAt = Start.AddSeconds(12.345) };
        PolicyStatus.SetSucceeded(status, manifest, "pod-1", generation: 1, Later);
        string once = status.ToJsonString();

        PolicyStatus.SetSucceeded(status, manifest, "pod-1", generation: 1, Later);

        Assert.Equal(once, status.ToJsonString());
        Assert.Equal("12.345", (string?)status["totalDurationSecs"]);
    }

    [Fact]
    public void Only_a_sound_and_newer_verification_counts()
    {
        JsonObject status = [];
        PolicyStatus.SetVerified(status, verification: null, Later);
        PolicyStatus.SetVerified(status, SampleSnapshots.Verification(Manifest(9), VerificationResult.Damaged), Later);
        Assert.Null(status["verifiedTime"]);

        PolicyStatus.SetVerified(status, SampleSnapshots.Verification(Manifest(5), VerificationResult.Sound), Later);
        PolicyStatus.SetVerified(status, SampleSnapshots.Verification(Manifest(1), VerificationResult.Sound), Later);
        Assert.Equal("2026-01-01T06:00:05Z", (string?)status["verifiedTime"]);
    }

    [Fact]
    public void A_time_that_a_wrong_clock_wrote_does_not_silence_the_runs_after_it()
    {
        JsonObject status = [];
        SnapshotManifest wrong = Manifest(24 * 900);
        PolicyStatus.SetSucceeded(status, wrong, "pod-1", generation: 1, Start.AddDays(900));
        PolicyStatus.SetVerified(
            status, SampleSnapshots.Verification(wrong, VerificationResult.Sound), Start.AddDays(901));

        SnapshotManifest right = Manifest(1);
        PolicyStatus.SetSucceeded(status, right, "pod-2", generation: 1, Start.AddHours(1));
        PolicyStatus.SetVerified(status, SampleSnapshots.Verification(right, VerificationResult.Sound), Later);

        Assert.Equal(
            ("2026-01-01T01:00:12Z", "2026-01-01T01:00:12Z", $"{right.Id}", "2026-01-01T02:00:05Z"),
            ((string?)status["backupTime"], (string?)status["lastSuccessTime"], (string?)status["snapshotId"],
                (string?)status["verifiedTime"]));
    }

    [Fact]
    public void A_Job_that_failed_is_not_told_of_by_a_time_in_the_future()
    {
        JsonObject status = new()
        {
            ["backupTime"] = "2028-01-01T00:00:00Z",
            ["backupStatus"] = "Completed",
            ["backupPod"] = "pod-1",
        };

        Assert.False(PolicyStatus.HasTold(status, ["job-1"], Start, Start.AddMinutes(1), Later));
        PolicyStatus.SetFailed(status, Failure, "job-1", generation: 1, Start.AddMinutes(1), Later);
        Assert.Equal("Failed", (string?)status["backupStatus"]);
        Assert.True(PolicyStatus.HasTold(status, ["job-1"], Start, Start.AddMinutes(1), Later));
    }

    private static SnapshotManifest Manifest(int hours) =>
        SampleSnapshots.Manifest(new SnapshotFolder(Start.AddHours(hours), SnapshotId.New()));
}
