using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.CustomResources;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.CustomResources;

/// <summary>That whole definitions are converted as a server does is proved by <c>DefinitionPairTests</c>.</summary>
public sealed class DefinitionConversionTests
{
    [Theory]
    [InlineData(
        """{"version":"v1","preserveUnknownFields":false}""",
        """{"versions":[{"name":"v1","served":true,"storage":true}]}""")]
    [InlineData(
        """{"version":"v1","versions":[{"name":"v1"},{"name":"v2"}],"preserveUnknownFields":false}""",
        """{"versions":[{"name":"v1"},{"name":"v2"}]}""")]
    [InlineData("{}", """{"preserveUnknownFields":true}""")]
    [InlineData("""{"preserveUnknownFields":true}""", """{"preserveUnknownFields":true}""")]
    [InlineData(
        """{"validation":{"openAPIV3Schema":{}},"versions":[{"name":"a"},{"name":"b","schema":{"x":1}}],"preserveUnknownFields":false}""",
        """{"versions":[{"name":"a","schema":{"openAPIV3Schema":{}}},{"name":"b","schema":{"openAPIV3Schema":{}}}]}""")]
    [InlineData(
        """{"subresources":{"status":{}},"selectableFields":[{"jsonPath":".a"}],"versions":[{"name":"a"}],"preserveUnknownFields":false}""",
        """{"versions":[{"name":"a","subresources":{"status":{}},"selectableFields":[{"jsonPath":".a"}]}]}""")]
    [InlineData(
        """{"additionalPrinterColumns":[{"JSONPath":".a","name":"A"}],"versions":[{"name":"a"}],"preserveUnknownFields":false}""",
        """{"versions":[{"name":"a","additionalPrinterColumns":[{"name":"A","jsonPath":".a"}]}]}""")]
    [InlineData(
        """{"conversion":{"strategy":"Webhook","webhookClientConfig":{"url":"u"},"conversionReviewVersions":["v1"]},"preserveUnknownFields":false}""",
        """{"conversion":{"strategy":"Webhook","webhook":{"clientConfig":{"url":"u"},"conversionReviewVersions":["v1"]}}}""")]
    [InlineData(
        """{"conversion":{"strategy":"None","conversionReviewVersions":[]},"preserveUnknownFields":false}""",
        """{"conversion":{"strategy":"None"}}""")]
    public void A_specification_is_converted(string stored, string converted)
    {
        JsonObject definition = Definition("v1beta1", stored);
        string before = definition.ToJsonString();

        JsonObject served = DefinitionConversion.ToV1(definition);

        Assert.True(
            JsonNode.DeepEquals(Definition("v1", converted), served), served.ToJsonString());
        Assert.Equal(before, definition.ToJsonString());
    }

    [Fact]
    public void A_definition_in_v1_stays_as_it_is()
    {
        JsonObject definition = Definition("v1", """{"version":"v1"}""");

        Assert.Same(definition, DefinitionConversion.ToV1(definition));
    }

    private static JsonObject Definition(string version, string spec) => new()
    {
        ["apiVersion"] = $"apiextensions.k8s.io/{version}",
        ["kind"] = "CustomResourceDefinition",
        ["spec"] = JsonNode.Parse(spec),
    };
}
