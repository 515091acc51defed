using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Restoring;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Objects;

/// <summary>What the status of a MetadataRestore shows of a restore of objects.</summary>
public sealed class ObjectsResultTests
{
    [Fact]
    public void A_restore_of_all_objects_is_completed_with_its_counts()
    {
        JsonObject json = new() { ["restoreErrorMessage"] = "it did not start" };

        Status(json, Result(
            Report(
                Restored(RestoreOutcome.Created), Restored(RestoreOutcome.Created), Restored(RestoreOutcome.Skipped)),
            new RestoredPoint(17, Moment: null)));

        Assert.Equal(
            ("Completed", 100, 17L, null),
            (
                (string?)json["restoreStatus"],
                (int?)json["progressPercent"],
                (long?)json["restoredRevision"],
                json["restoreErrorMessage"]));
        Assert.Equal(
            """
            {"dryRun":false,"created":2,"updated":0,"replaced":0,"skipped":1,"failed":0,"cannot":0,"failures":[],"missingRights":[]}
            """,
            json["objects"]!.ToJsonString());
        StatusConditions conditions = new(json);
        Assert.True(conditions.IsTrue(StatusConditions.Ready));
        Assert.Equal(
            "Restore of objects from snapshot 00f2bb92 at revision 17 completed: 2 created, 0 updated, 0 replaced, "
            + "1 skipped, 0 failed.",
            conditions.Message(StatusConditions.Ready));
    }

    [Fact]
    public void A_restore_without_all_rights_names_the_account_the_verbs_and_the_kinds()
    {
        JsonObject json = [];

        Status(json, Result(Report(
            Restored(RestoreOutcome.Created),
            Restored(RestoreOutcome.Failed, "forbidden") with { MissingRight = "create secrets in namespace web" },
            Restored(RestoreOutcome.NotPossible, "forbidden") with { MissingRight = "get roles in namespace web" })));

        StatusConditions conditions = new(json);
        const string text = "Restore of objects from snapshot 00f2bb92 completed in part: 1 created, 0 updated, "
            + "0 replaced, 0 skipped, 2 failed. Service account object-restore lacks the right to create secrets in "
            + "namespace web, get roles in namespace web.";
        Assert.Equal(("Failed", "PartlyFailed"), (
            (string?)json["restoreStatus"], conditions.Reason(StatusConditions.Ready)));
        Assert.Equal(text, conditions.Message(StatusConditions.Ready));
        Assert.Equal(
            $"{text} Grant the missing rights to service account object-restore. Then create another MetadataRestore: "
            + "what is restored already is equal, and is skipped.",
            (string?)json["restoreErrorMessage"]);
        Assert.True(new RestoreStatus(json).HasEnded);
    }

    [Fact]
    public void A_status_names_few_failures_with_short_reasons()
    {
        RestoredObject failed = Restored(RestoreOutcome.Failed, new string('x', 5000));

        ObjectsResult result = Result(Report([.. Enumerable.Repeat(failed, 400)]));

        JsonObject json = result.Objects.ToJson();
        Assert.Equal((400, RestoredObjects.FailuresMax), ((int?)json["failed"], json["failures"]!.AsArray().Count));
        Assert.Equal(RestoredObjects.ReasonLengthMax, ((string)json["failures"]![0]!["reason"]!).Length);
        Assert.Contains("First failure: configmaps web/settings: xxx", result.Text, StringComparison.Ordinal);
        Assert.Contains("the log of the pod", result.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_missing_rights_are_counted()
    {
        ObjectsResult result = Result(Report([.. Enumerable.Range(0, 13).Select(i =>
            Restored(RestoreOutcome.Failed, "forbidden") with { MissingRight = $"create kind{i:00}" })]));

        Assert.Equal(RestoredObjects.FailuresMax, result.Objects.ToJson()["missingRights"]!.AsArray().Count);
        Assert.Contains("create kind09 and 3 more.", result.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_is_a_dry_run()
    {
        PlannedObject planned = Restored(RestoreOutcome.Created).Planned;
        ObjectRestorePlan plan = new(
            [planned, planned with { Action = PlannedAction.Cannot, Reason = "the cluster does not serve it" }], []);

        ObjectsResult result = new("object-restore", "00f2bb92", Point: null, RestoredObjects.Of(plan));

        Assert.Equal((true, 1), ((bool?)result.Objects.ToJson()["dryRun"], (int?)result.Objects.ToJson()["cannot"]));
        Assert.StartsWith(
            "Dry run of a restore of objects from snapshot 00f2bb92 completed in part: 1 created",
            result.Text,
            StringComparison.Ordinal);
    }

    private static void Status(JsonObject json, ObjectsResult result) =>
        new RestoreStatus(json).SetObjects(result, generation: 1, SampleSnapshots.NewYear);

    private static ObjectsResult Result(ObjectRestoreReport report, RestoredPoint? point = null) =>
        new("object-restore", "00f2bb92", point, RestoredObjects.Of(report));

    private static ObjectRestoreReport Report(params RestoredObject[] objects) => new(objects);

    private static RestoredObject Restored(RestoreOutcome outcome, string? reason = null)
    {
        StorageKey place = new(new GroupResource("", "configmaps"), "web", "settings");
        RestoreItem item = new() { Source = place, Target = place };
        return new RestoredObject(new PlannedObject { Item = item, Action = PlannedAction.Create }, outcome, reason);
    }
}
