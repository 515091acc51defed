using System.Text.Json.Nodes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary><c>kubectl explain</c> describes each field of the four kinds.</summary>
[Collection(ManifestsTests.Name)]
public sealed class ExplainTests(ManifestsFixture fixture)
{
    [Fact]
    public async Task Every_field_that_the_server_publishes_has_a_description()
    {
        using HttpClient client = fixture.Server.CreateClient();
        // The document that kubectl explain reads.
        string text = await client.GetStringAsync("/openapi/v3/apis/kubedr.catalogicsoftware.com/v1alpha1");
        JsonObject schemas = JsonNode.Parse(text)!["components"]!["schemas"]!.AsObject();
        JsonObject[] kinds =
        [
            .. schemas
                .Where(schema => schema.Key.StartsWith("com.catalogicsoftware.kubedr.", StringComparison.Ordinal)
                    && !schema.Key.EndsWith("List", StringComparison.Ordinal))
                .Select(schema => schema.Value!.AsObject()),
        ];

        string[] fields = [.. kinds.SelectMany(kind => Fields(kind, ""))];

        Assert.Equal(4, kinds.Length);
        Assert.InRange(fields.Length, 80, 300);
        Assert.DoesNotContain(fields, field => field.EndsWith('!'));
    }

    [Theory]
    [InlineData("backuplocation.spec.encryption", "To whom backups are encrypted")]
    [InlineData("bl.spec.encryption.recipients", "At least one public key of age")]
    [InlineData("mbp", "Backs up the cluster's etcd database")]
    [InlineData("metadatabackuppolicy.spec.options", "master-node-label-name: the label of the nodes")]
    [InlineData("mbr.status.verified", "The result of the last deep verification; absent if there was none.")]
    [InlineData("metadatarestore.spec.pvcName", "Name of a PersistentVolumeClaim in this namespace")]
    [InlineData("mr.status.conditions.lastTransitionTime", "When status last changed.")]
    public async Task Kubectl_explains_a_field(string field, string description)
    {
        string explained = await fixture.KubectlAsync("explain", field);

        Assert.Contains(description, explained.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    /// <summary>Returns the paths of all fields. A path without a description ends with an exclamation mark.</summary>
    private static IEnumerable<string> Fields(JsonObject schema, string path)
    {
        if (schema["items"] is JsonObject items)
        {
            return Fields(items, path);
        }

        return (schema["properties"] as JsonObject ?? [])
            .Where(property => path.Length > 0 || property.Key != "metadata")
            .SelectMany(property =>
            {
                JsonObject field = property.Value!.AsObject();
                string name = $"{path}.{property.Key}";
                string mark = string.IsNullOrWhiteSpace((string?)field["description"]) ? "!" : "";
                return Fields(field, name).Prepend(name + mark);
            });
    }
}
