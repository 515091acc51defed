using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Objects.Restoring;
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

    [Fact]
    public void A_restore_of_objects_has_the_words_of_the_command_line()
    {
        RequestedObjects objects = Restore("""
            {"mbrName":"mbr-00f2bb92","objects":{"serviceAccountName":"object-restore",
             "resources":["cm","secrets/password"],"namespaces":["web","shop-*"],"labelSelector":"app=shop",
             "namespaceSelector":"team=a","excludeResources":["pods"],"excludeNamespaces":["shop-old"],
             "excludeNames":["tmp-*"],"excludeLabelSelector":"tier=cache","excludeNamespaceSelector":"team=b",
             "existing":"Replace","withRelated":true,"mapNamespaces":{"web":"web-copy"},"dryRun":true,
             "patches":{"name":"changes","key":"modifiers.yaml"},"encryptionConfig":{"name":"keys","key":"k"}}}
            """).Objects!;

        ObjectFilterWords words = objects.Selection;
        Assert.Equal(["cm", "secrets/password"], words.Resources);
        Assert.Equal(["web", "shop-*"], words.Namespaces);
        Assert.Equal(["pods"], words.ExcludedResources);
        Assert.Equal(["shop-old"], words.ExcludedNamespaces);
        Assert.Equal(["tmp-*"], words.ExcludedNames);
        Assert.Equal(
            ("app=shop", "team=a", "tier=cache", "team=b"),
            (words.Labels, words.NamespaceLabels, words.ExcludedLabels, words.ExcludedNamespaceLabels));
        Assert.Equal("object-restore", objects.ServiceAccount);
        Assert.Equal(
            (ExistingPolicy.Replace, true, true), (objects.Existing, objects.WithRelated, objects.IsDryRun));
        Assert.Equal("web-copy", objects.Namespaces.Of("web"));
        Assert.Equal(new KeyReference("changes", "modifiers.yaml"), objects.Patches);
        Assert.Equal(new KeyReference("keys", "k"), objects.EncryptionConfig);
    }

    [Fact]
    public void A_restore_of_objects_without_further_fields_leaves_what_exists()
    {
        RestoreObject restore = Restore("""{"mbrName":"m","objects":{"serviceAccountName":"a"}}""");

        RequestedObjects objects = restore.Objects!;
        Assert.Null(restore.ClaimName);
        Assert.Empty(objects.Selection.Resources);
        Assert.Equal(
            (ExistingPolicy.Skip, false, false), (objects.Existing, objects.WithRelated, objects.IsDryRun));
        Assert.Equal((null, null), (objects.Patches, objects.EncryptionConfig));
        Assert.Null(Restore("""{"mbrName":"m","pvcName":"p"}""").Objects);
    }

    private static RestoreObject Restore(string spec) => new(new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = "back", ["namespace"] = "kubedr-system" },
        ["spec"] = JsonNode.Parse(spec),
    });
}
