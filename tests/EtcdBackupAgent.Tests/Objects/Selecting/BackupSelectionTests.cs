using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Selecting;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Selecting;

/// <summary>Which objects a policy with <c>source: Objects</c> selects.</summary>
public sealed class BackupSelectionTests
{
    private static readonly ServedResource Maps = Served("configmaps", "ConfigMap", isNamespaced: true);
    private static readonly ServedResource Namespaces = Served("namespaces", "Namespace", isNamespaced: false);
    private static readonly ServedResource Volumes =
        Served("persistentvolumes", "PersistentVolume", isNamespaced: false);

    [Theory]
    [InlineData(ClusterResources.Auto, false, true)]
    [InlineData(ClusterResources.Auto, true, false)]
    [InlineData(ClusterResources.Always, true, true)]
    [InlineData(ClusterResources.Never, false, false)]
    public void Objects_of_the_whole_cluster_are_listed_as_the_policy_says(
        ClusterResources cluster, bool hasNamespaces, bool isListed)
    {
        BackupSelection selection = Of(new PolicyObjects
        {
            IncludeClusterResources = cluster,
            Namespaces = hasNamespaces ? ["web"] : [],
        });

        Assert.Equal(isListed, selection.Lists(Volumes));
        Assert.True(selection.Lists(Maps));
        Assert.True(selection.Lists(Namespaces));
        Assert.Equal(
            cluster != ClusterResources.Never, selection.TakesNeeded(new StorageKey(Volumes.Name, null, "one")));
        Assert.True(selection.TakesNeeded(new StorageKey(Namespaces.Name, null, "web")));
    }

    [Fact]
    public void A_named_kind_of_the_whole_cluster_is_listed_in_any_case()
    {
        BackupSelection selection = Of(new PolicyObjects
        {
            Resources = ["pv", "cm"],
            IncludeClusterResources = ClusterResources.Never,
        });

        Assert.True(selection.Lists(Volumes));
        Assert.True(selection.Lists(Maps));
        Assert.False(selection.Lists(Namespaces));
    }

    [Theory]
    [InlineData(false, null, false)]
    [InlineData(true, null, true)]
    [InlineData(true, "archive", false)]
    [InlineData(false, "critical", true)]
    public void An_object_inherits_the_label_of_its_namespace_unless_it_has_it_itself(
        bool inherits, string? own, bool isCovered)
    {
        BackupSelection selection = Of(new PolicyObjects
        {
            LabelSelector = "tier=critical",
            InheritNamespaceLabels = inherits,
        });

        Assert.Equal(inherits, selection.NeedsNamespaceLabels);
        Assert.Equal(
            isCovered,
            selection.Covers(new StorageKey(Maps.Name, "web", "one"), _ => own, _ => _ => "critical"));
    }

    [Fact]
    public void An_exclusion_by_a_label_reads_the_labels_of_namespaces_if_they_are_inherited()
    {
        BackupSelection selection = Of(new PolicyObjects
        {
            ExcludeLabelSelector = "tier=scratch",
            InheritNamespaceLabels = true,
        });

        Assert.True(selection.NeedsNamespaceLabels);
        Assert.False(selection.Covers(new StorageKey(Maps.Name, "web", "one"), _ => null, _ => _ => "scratch"));
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("b", true)]
    [InlineData("c", false)]
    public void One_of_several_selectors_is_enough(string value, bool isCovered) => Assert.Equal(
        isCovered,
        Of(new PolicyObjects { OrLabelSelectors = ["x=a", "x=b"] })
            .Covers(new StorageKey(Maps.Name, "web", "one"), _ => value, _ => _ => null));

    [Fact]
    public void Namespaces_without_wildcards_are_listed_one_by_one()
    {
        Assert.Equal(["a", "b"], Of(new PolicyObjects { Namespaces = ["b", "a"] }).NamedNamespaces);
        Assert.Null(Of(new PolicyObjects { Namespaces = ["b", "team-*"] }).NamedNamespaces);
        Assert.Null(Of(new PolicyObjects()).NamedNamespaces);
    }

    private static BackupSelection Of(PolicyObjects settings) =>
        BackupSelection.Of(settings, new ResourceCatalog([Maps, Namespaces, Volumes]));

    private static ServedResource Served(string plural, string kind, bool isNamespaced) => new()
    {
        Name = new GroupResource("", plural),
        Version = "v1",
        Kind = kind,
        IsNamespaced = isNamespaced,
        ShortNames = plural switch { "configmaps" => ["cm"], "persistentvolumes" => ["pv"], _ => ["ns"] },
        Verbs = ["create", "delete", "get", "list"],
    };
}
