using System.Text.Json.Nodes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>The properties that all four definitions share.</summary>
[Collection(ManifestsTests.Name)]
public sealed class DefinitionTests(ManifestsFixture fixture)
{
    [Theory]
    [InlineData("backuplocations", "BackupLocation", "bl")]
    [InlineData("metadatabackuppolicies", "MetadataBackupPolicy", "mbp")]
    [InlineData("metadatabackuprecords", "MetadataBackupRecord", "mbr")]
    [InlineData("metadatarestores", "MetadataRestore", "mr")]
    public async Task A_definition_is_established_and_structural_and_has_a_status_subresource(
        string plural, string kind, string shortName)
    {
        JsonNode definition = JsonNode.Parse(
            await fixture.KubectlAsync("get", "crd", $"{plural}.kubedr.catalogicsoftware.com", "-o", "json"))!;

        JsonArray conditions = definition["status"]!["conditions"]!.AsArray();
        Assert.Contains(
            conditions,
            condition => (string?)condition!["type"] == "Established" && (string?)condition["status"] == "True");
        Assert.DoesNotContain(conditions, condition => (string?)condition!["type"] == "NonStructuralSchema");
        JsonNode names = definition["spec"]!["names"]!;
        Assert.Equal(kind, (string?)names["kind"]);
        Assert.Equal(shortName, (string?)names["shortNames"]![0]);
        Assert.Equal("kubedr", (string?)names["categories"]![0]);
        JsonNode version = Assert.Single(definition["spec"]!["versions"]!.AsArray())!;
        Assert.Equal("v1alpha1", (string?)version["name"]);
        Assert.NotNull(version["subresources"]!["status"]);
    }
}
