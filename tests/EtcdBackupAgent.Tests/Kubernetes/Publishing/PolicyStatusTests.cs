using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Publishing;

public sealed class PolicyStatusTests
{
    private static readonly DateTimeOffset Start = SampleSnapshots.NewYear;
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
        PolicyStatus.SetSucceeded(status, manifest, "pod-1", generation: 3);
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
        PolicyStatus.SetSucceeded(status, Manifest(0), "pod-1", generation: 1);
        JsonNode success = status["snapshotId"]!.DeepClone();

        PolicyStatus.SetFailed(status, Failure, "pod-2", generation: 2, Start.AddHours(1));

        Assert.Equal(
            ("Failed", "The bucket is full. Make room.", "pod-2", "2026-01-01T00:00:12Z", 2L),
            ((string?)status["backupStatus"], (string?)status["backupErrorMessage"], (string?)status["backupPod"],
                (string?)status["lastSuccessTime"], (long)status["observedGeneration"]!));
        Assert.True(JsonNode.DeepEquals(success, status["snapshotId"]));
        Assert.Equal("StoreFull", (string?)status["conditions"]![0]!["reason"]);

        PolicyStatus.SetSucceeded(status, Manifest(2), "pod-3", generation: 2);
        Assert.Null(status["backupErrorMessage"]);
    }

    [Fact]
    public void Both_parts_go_forward_only()
    {
        JsonObject status = [];
        PolicyStatus.SetFailed(status, Failure, "pod-2", generation: 1, Start.AddHours(5));

        // A success of before the failure: it is the last success, and not the last run.
        SnapshotManifest before = Manifest(3);
        PolicyStatus.SetSucceeded(status, before, pod: null, generation: 1);
        Assert.Equal(("Failed", $"{before.Id}", "pod-2"), ((string?)status["backupStatus"], (string?)status["snapshotId"], (string?)status["backupPod"]));

        PolicyStatus.SetSucceeded(status, Manifest(2), pod: null, generation: 1);
        PolicyStatus.SetBegun(status, "pod-0", generation: 1, Start.AddHours(4));
        Assert.Equal(("Failed", $"{before.Id}"), ((string?)status["backupStatus"], (string?)status["snapshotId"]));
    }

    [Fact]
    public void The_same_success_said_twice_changes_nothing()
    {
        JsonObject status = [];
        SnapshotManifest manifest = Manifest(0) with { CompletedAt = Start.AddSeconds(12.345) };
        PolicyStatus.SetSucceeded(status, manifest, "pod-1", generation: 1);
        string once = status.ToJsonString();

        PolicyStatus.SetSucceeded(status, manifest, "pod-1", generation: 1);

        Assert.Equal(once, status.ToJsonString());
        Assert.Equal("12.345", (string?)status["totalDurationSecs"]);
    }

    [Fact]
    public void Only_a_sound_and_newer_verification_counts()
    {
        JsonObject status = [];
        PolicyStatus.SetVerified(status, verification: null);
        PolicyStatus.SetVerified(status, SampleSnapshots.Verification(Manifest(9), VerificationResult.Damaged));
        Assert.Null(status["verifiedTime"]);

        PolicyStatus.SetVerified(status, SampleSnapshots.Verification(Manifest(5), VerificationResult.Sound));
        PolicyStatus.SetVerified(status, SampleSnapshots.Verification(Manifest(1), VerificationResult.Sound));
        Assert.Equal("2026-01-01T06:00:05Z", (string?)status["verifiedTime"]);
    }

    private static SnapshotManifest Manifest(int hours) =>
        SampleSnapshots.Manifest(new SnapshotFolder(Start.AddHours(hours), SnapshotId.New()));
}
