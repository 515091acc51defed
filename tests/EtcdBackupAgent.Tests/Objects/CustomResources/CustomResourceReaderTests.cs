using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Kinds;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.CustomResources;

/// <summary>That the result is what a server shows is proved by <c>ServedObjectTests</c>.</summary>
public sealed class CustomResourceReaderTests
{
    [Theory]
    [InlineData("{}", """{"a":1}""", "{}")]
    [InlineData("""{"properties":{"a":{}}}""", """{"a":{"b":1},"c":2}""", """{"a":{}}""")]
    [InlineData("""{"properties":{"a":{"default":5},"b":{"default":{"c":1,"x":2},"properties":{"c":{}}}}}""", "{}", """{"a":5,"b":{"c":1}}""")]
    [InlineData("""{"x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"type":"object"}}}""", """{"a":{"b":1},"c":{"d":1}}""", """{"a":{},"c":{"d":1}}""")]
    [InlineData("""{"additionalProperties":{"properties":{"a":{"default":1}}}}""", """{"x":{"b":2},"y":{}}""", """{"x":{"a":1},"y":{"a":1}}""")]
    [InlineData("""{"properties":{"l":{"items":{"properties":{"a":{"default":1}}}}}}""", """{"l":[{"b":2},{}]}""", """{"l":[{"a":1},{"a":1}]}""")]
    [InlineData("""{"properties":{"a":{"nullable":true},"b":{},"c":{"default":7}}}""", """{"a":null,"b":null,"c":null}""", """{"a":null,"c":7}""")]
    [InlineData("""{"additionalProperties":{"default":3}}""", """{"a":null}""", """{"a":3}""")]
    [InlineData(
        """{"properties":{"t":{"x-kubernetes-embedded-resource":true,"properties":{"spec":{}}}}}""",
        """{"t":{"apiVersion":"v1","kind":5,"metadata":{"name":"a","x":1,"labels":{"k":"v"}},"spec":1,"y":2}}""",
        """{"t":{"apiVersion":"v1","metadata":{"name":"a","labels":{"k":"v"}},"spec":1}}""")]
    public void A_specification_is_pruned_and_gets_its_defaults(string schema, string stored, string read)
    {
        JsonObject widget = Widget(stored);

        CustomResourceForm form = Read(widget, Definition(schema));

        Assert.Equal(CustomResourceForm.AsServed, form);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(read), widget["spec"]), widget["spec"]!.ToJsonString());
    }

    [Fact]
    public void Metadata_has_only_the_fields_of_its_type_and_a_generation()
    {
        JsonObject widget = Widget("{}");
        widget["metadata"] = JsonNode.Parse("""
            {
              "name": "a", "namespace": "", "colour": "red", "labels": {}, "annotations": {"k": "v"}, "uid": 5, "finalizers": ["f"],
              "creationTimestamp": "2024-05-06T07:08:09.5+02:00", "deletionTimestamp": null, "generation": "x",
              "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u", "controller": false, "x": 1}],
              "managedFields": [{"manager": "m", "time": "2024-01-01T00:00:00Z", "fieldsV1": {"f:spec": {}}}]
            }
            """);

        Read(widget, Definition("{}"));

        JsonNode? expected = JsonNode.Parse("""
            {
              "name": "a", "annotations": {"k": "v"}, "finalizers": ["f"], "generation": 1,
              "creationTimestamp": "2024-05-06T05:08:09Z",
              "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u", "controller": false}],
              "managedFields": [{"manager": "m", "time": "2024-01-01T00:00:00Z", "fieldsV1": {"f:spec": {}}}]
            }
            """);
        Assert.True(JsonNode.DeepEquals(expected, widget["metadata"]), widget["metadata"]!.ToJsonString());
    }

    [Fact]
    public void Without_a_webhook_only_the_version_changes_and_both_schemas_prune()
    {
        JsonObject widget = Widget("""{"old":1,"both":2,"new":3}""", "v1beta1");

        CustomResourceForm form = Read(widget, Versions("None"));

        Assert.Equal(CustomResourceForm.AsServed, form);
        Assert.Equal("example.com/v1", (string?)widget["apiVersion"]);
        Assert.Equal("""{"both":2}""", widget["spec"]!.ToJsonString());
    }

    [Fact]
    public void With_a_webhook_an_object_stays_in_its_stored_version_and_is_marked()
    {
        JsonObject widget = Widget("""{"old":1,"both":2,"new":3}""", "v1beta1");

        CustomResourceForm form = Read(widget, Versions("Webhook"));

        Assert.Equal(CustomResourceForm.NeedsWebhook, form);
        Assert.Equal("example.com/v1beta1", (string?)widget["apiVersion"]);
        Assert.Equal("""{"old":1,"both":2}""", widget["spec"]!.ToJsonString());
    }

    [Fact]
    public void An_object_without_its_definition_or_version_stays_as_it_is()
    {
        JsonObject widget = Widget("""{"a":1}""", "v9");

        Assert.Equal(CustomResourceForm.WithoutDefinition, Read(widget, null));
        Assert.Equal(CustomResourceForm.WithoutDefinition, Read(widget, Definition("{}")));
        Assert.Equal("""{"a":1}""", widget["spec"]!.ToJsonString());
    }

    [Fact]
    public void Unknown_fields_stay_if_the_definition_preserves_them()
    {
        JsonObject definition = Document("""{"properties":{"a":{"default":1}}}""");
        definition["spec"]!["preserveUnknownFields"] = true;
        JsonObject widget = Widget("""{"x":1}""");

        Read(widget, CustomResourceDefinition.Read(definition));

        Assert.Equal("""{"x":1,"a":1}""", widget["spec"]!.ToJsonString());
    }

    [Fact]
    public void A_definition_names_its_resource()
    {
        CustomResourceDefinition definition = Definition("{}");

        Assert.Equal(new GroupResource("example.com", "widgets"), definition.Name);
        Assert.Equal(("Widget", "widget", true), (definition.Kind, definition.Singular, definition.IsNamespaced));
        Assert.Equal(["wd"], definition.ShortNames);
        Assert.Equal("v1", definition.PreferredVersion);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"spec":[]}""")]
    [InlineData("""{"apiVersion":"apiextensions.k8s.io/v1beta1","spec":{"names":5,"versions":{}}}""")]
    public void Another_document_is_not_read_as_a_definition(string document) =>
        Assert.Null(CustomResourceDefinition.Read((JsonObject)JsonNode.Parse(document)!));

    private static CustomResourceForm Read(JsonObject widget, CustomResourceDefinition? definition) =>
        CustomResourceReader.Read(widget, definition);

    private static JsonObject Widget(string spec, string version = "v1") => new()
    {
        ["apiVersion"] = $"example.com/{version}",
        ["kind"] = "Widget",
        ["metadata"] = new JsonObject { ["name"] = "a" },
        ["spec"] = JsonNode.Parse(spec),
    };

    private static CustomResourceDefinition Definition(string specSchema) =>
        CustomResourceDefinition.Read(Document(specSchema))!;

    private static JsonObject Document(string specSchema) => Document("None", Version("v1", true, specSchema));

    private static CustomResourceDefinition Versions(string strategy) => CustomResourceDefinition.Read(Document(
        strategy,
        Version("v1beta1", true, """{"properties":{"old":{},"both":{}}}"""),
        Version("v1", true, """{"properties":{"new":{},"both":{}}}"""),
        Version("v2", false, "{}")))!;

    private static JsonObject Document(string strategy, params JsonNode[] versions) => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["spec"] = new JsonObject
        {
            ["group"] = "example.com",
            ["scope"] = "Namespaced",
            ["names"] = new JsonObject
            {
                ["plural"] = "widgets",
                ["singular"] = "widget",
                ["kind"] = "Widget",
                ["shortNames"] = new JsonArray("wd"),
            },
            ["conversion"] = new JsonObject { ["strategy"] = strategy },
            ["versions"] = new JsonArray(versions),
        },
    };

    private static JsonObject Version(string name, bool isServed, string specSchema) => new()
    {
        ["name"] = name,
        ["served"] = isServed,
        ["schema"] = new JsonObject
        {
            ["openAPIV3Schema"] = new JsonObject
            {
                ["properties"] = new JsonObject { ["spec"] = JsonNode.Parse(specSchema) },
            },
        },
    };
}
