using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Objects;

public sealed class RestoreObjectTests
{
    private static readonly DateTimeOffset Moment = new(2026, 11, 29, 10, 15, 0, 125, TimeSpan.Zero);

    [Theory]
    [InlineData("""{"mbrName":"mbr-00f2bb92"}""", "Snapshot 00f2bb92")]
    [InlineData("""{"mbrName":"mbr-00f2bb92","revision":17}""", "Revision 17 of snapshot 00f2bb92")]
    public void A_restore_of_a_record_selects_its_snapshot(string spec, string what)
    {
        RestoreObject restore = Restore(spec);

        RestoreSelection selection = restore.Select("00f2bb92");

        Assert.Equal(("00f2bb92", null, null), (selection.SnapshotId, selection.Time, selection.Policy));
        Assert.Equal(spec.Contains("17", StringComparison.Ordinal) ? 17 : null, selection.Revision);
        Assert.Equal(what, restore.Describe("00f2bb92"));
    }

    [Fact]
    public void A_restore_of_a_policy_selects_a_moment_or_a_revision_of_its_change_log()
    {
        RestoreObject moment = Restore("""{"policy":"nightly","at":"2026-11-29T11:15:00.125+01:00"}""");
        RestoreObject revision = Restore("""{"policy":"nightly","revision":17}""");

        Assert.Equal(
            new RestoreSelection { Time = Moment, Policy = new ResourceName("kubedr-system", "nightly") },
            moment.Select(snapshotId: null));
        Assert.Equal("The state of policy nightly at 2026-11-29T10:15:00Z", moment.Describe(null));
        Assert.Equal(
            new RestoreSelection { Revision = 17, Policy = new ResourceName("kubedr-system", "nightly") },
            revision.Select(snapshotId: null));
        Assert.Equal("Revision 17 of policy nightly", revision.Describe(null));
    }

    [Fact]
    public void A_completed_restore_has_the_revision_its_moment_and_how_certain_it_is()
    {
        JsonObject json = [];
        RestoreStatus status = new(json);

        status.SetCompleted(
            "00f2bb92",
            new RestoredPoint(17, new RestoredMoment(Moment, IsExact: false, "Not certain.")),
            generation: 1,
            SampleSnapshots.NewYear);

        Assert.True(status.HasEnded);
        Assert.Equal(
            (17L, "2026-11-29T10:15:00.125Z", false, "Not certain."),
            (
                (long?)json["restoredRevision"],
                (string?)json["restoredMoment"],
                (bool?)json["restoredExactly"],
                (string?)json["restoredCertainty"]));
        Assert.Equal(
            "Restore from snapshot 00f2bb92 to revision 17 completed",
            status.Conditions.Message(StatusConditions.Ready));
    }

    [Fact]
    public void A_completed_restore_of_a_snapshot_has_no_other_revision()
    {
        JsonObject json = [];

        new RestoreStatus(json).SetCompleted("00f2bb92", point: null, generation: 1, SampleSnapshots.NewYear);

        Assert.Null(json["restoredRevision"]);
        Assert.Equal("Restore from snapshot 00f2bb92 completed", RestoreStatus.SuccessText("00f2bb92", point: null));
    }

    private static RestoreObject Restore(string spec) => new(new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = "back", ["namespace"] = "kubedr-system" },
        ["spec"] = JsonNode.Parse(spec),
    });
}
