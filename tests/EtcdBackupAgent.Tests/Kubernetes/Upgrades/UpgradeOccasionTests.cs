using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Upgrades;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Upgrades;

/// <summary>How a snapshot before an upgrade is marked.</summary>
public sealed class UpgradeOccasionTests
{
    private const string Label = "kubedr.catalogicsoftware.com/before-upgrade";

    private static readonly WatchedField Release = new()
    {
        ApiVersion = "k0rdent.mirantis.com/v1beta1",
        Kind = "Management",
        Name = "kcm",
        Field = ".spec.release",
    };

    [Fact]
    public void A_snapshot_has_the_value_before_in_name_and_label_and_the_revision_before_the_write()
    {
        BackupOccasion occasion = UpgradeOccasion.Of(Release, Change("kcm-1-0-0"));

        occasion.Validate();
        Assert.Equal(BackupReason.OnDemand, occasion.Reason);
        Assert.Equal("before Management kcm .spec.release went from kcm-1-0-0 to kcm-1-1-0", occasion.Note);
        Assert.Equal("nightly-kcm-1-0-0", occasion.NameOf(new ResourceName("kubedr-system", "nightly")));
        Assert.Equal("kcm-1-0-0", occasion.Labels[Label]);
        Assert.Equal(119, occasion.RestorePoint);
    }

    [Fact]
    public void A_change_that_was_seen_late_says_so() => Assert.Equal(
        "before Management kcm .spec.release went from a to kcm-1-1-0 (seen late: the restore point is that before the "
        + "last write of the object)",
        UpgradeOccasion.Of(Release, Change("a") with { IsExact = false }).Note);

    [Theory]
    [InlineData("v1.36.4", "v1.36.4", "v1.36.4")]
    [InlineData("V1_36+Build", "v1-36-build", "V1_36-Build")]
    [InlineData("registry/image:1.0", "registry-image-1.0", "registry-image-1.0")]
    [InlineData("-1.0-", "1.0", "1.0")]
    [InlineData("", "upgrade", "")]
    [InlineData("***", "upgrade", "")]
    [InlineData("ä1", "1", "1")]
    public void Any_value_becomes_a_valid_name_and_label(string value, string suffix, string label)
    {
        BackupOccasion occasion = UpgradeOccasion.Of(Release, Change(value));

        occasion.Validate();
        Assert.Equal((suffix, label), (occasion.NameSuffix, occasion.Labels[Label]));
    }

    [Fact]
    public void Random_values_become_valid_marks()
    {
        Random random = new(7);
        for (int i = 0; i < 5_000; i++)
        {
            char[] value = [.. Enumerable.Range(0, random.Next(200)).Select(_ => (char)random.Next(0x20, 0x2ff))];

            UpgradeOccasion.Of(Release, Change(new string(value))).Validate();
        }
    }

    private static UpgradeChange Change(string from) =>
        new() { From = from, To = "kcm-1-1-0", ResourceVersion = 120, IsExact = true };
}
