using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Selecting;
using EtcdBackupAgent.Objects.Tables;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Selecting;

public sealed class ResourceCatalogTests
{
    private static readonly ResourceCatalog Catalog = new(
        FieldTable.Kubernetes,
        [
            new CustomResourceDefinition
            {
                Name = new GroupResource("example.com", "widgets"),
                Kind = "Widget",
                Singular = "widget",
                ShortNames = ["wd"],
                IsNamespaced = true,
                Versions = [],
                HasConversionWebhook = false,
                PreservesUnknownFields = false,
            },
        ]);

    [Theory]
    [InlineData("deployments", "deployments.apps")]
    [InlineData("deployment", "deployments.apps")]
    [InlineData("Deployment", "deployments.apps")]
    [InlineData("deploy", "deployments.apps")]
    [InlineData("deployments.apps", "deployments.apps")]
    [InlineData("deployments.v1.apps", "deployments.apps")]
    [InlineData("cm", "configmaps")]
    [InlineData("ev", "events")]
    [InlineData("events", "events")]
    [InlineData("pvc", "persistentvolumeclaims")]
    [InlineData("netpol", "networkpolicies.networking.k8s.io")]
    [InlineData("ingress", "ingresses.networking.k8s.io")]
    [InlineData("ingresses.networking", "ingresses.networking.k8s.io")]
    [InlineData("crd", "customresourcedefinitions.apiextensions.k8s.io")]
    [InlineData("pods.v1", "pods")]
    [InlineData("widgets", "widgets.example.com")]
    [InlineData("wd", "widgets.example.com")]
    [InlineData("widget.example.com", "widgets.example.com")]
    [InlineData("widgets.v1.example.com", "widgets.example.com")]
    public void A_word_names_the_resource_that_it_names_to_kubectl(string word, string expected) =>
        Assert.Equal(expected, Catalog.Require(word).Name.ToString());

    [Theory]
    [InlineData("deploymnt", "Did you mean deployments.apps?")]
    [InlineData("confgmap", "Did you mean configmaps?")]
    [InlineData("deployments.batch", null)]
    [InlineData("xyz", null)]
    public void An_unknown_word_is_refused_with_what_is_like_it(string word, string? hint)
    {
        BackupException refused = Assert.Throws<BackupException>(() => Catalog.Require(word));

        Assert.Equal(FailureReason.InvalidInput, refused.Reason);
        Assert.Contains($"'{word}'", refused.Message, StringComparison.Ordinal);
        if (hint is not null)
        {
            Assert.Equal(hint, refused.Hint);
        }
    }
}
