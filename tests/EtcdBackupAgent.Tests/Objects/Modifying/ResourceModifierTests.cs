using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Modifying;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Modifying;

/// <summary>Resource modifiers in the form of Velero's.</summary>
public sealed class ResourceModifierTests
{
    private static readonly GroupResource Deployments = new("apps", "deployments");

    /// <summary>The example of the documentation of k0rdent, as it is.</summary>
    private const string Rollback = """
        ---
        apiVersion: v1
        data:
          patch-mgmt-spec-release: |
            version: v1
            resourceModifierRules:
            - conditions:
                groupResource: managements.k0rdent.mirantis.com
              patches:
              - operation: replace
                path: "/spec/release"
                value: "<version-before-upgrade>"
        kind: ConfigMap
        metadata:
          name: patch-mgmt-spec-release
          namespace: kcm-system
        ---
        apiVersion: velero.io/v1
        kind: Restore
        metadata:
          name: <restore-name>
          namespace: kcm-system
        spec:
          backupName: <backup-name>
          existingResourcePolicy: update
        """;

    [Fact]
    public void The_rollback_of_a_management_cluster_works_as_it_is_documented_for_Velero()
    {
        ResourceModifiers modifiers = ResourceModifiers.Parse("rollback.yaml", Rollback);
        JsonObject management = Parse("""{"metadata":{"name":"kcm"},"spec":{"release":"kcm-1-2-0","core":{}}}""");

        JsonObject changed = modifiers.Apply(
            new GroupResource("k0rdent.mirantis.com", "managements"), management, isBuiltIn: false);
        JsonObject other = modifiers.Apply(Deployments, management, isBuiltIn: true);

        Assert.Equal(
            """{"metadata":{"name":"kcm"},"spec":{"core":{},"release":"<version-before-upgrade>"}}""",
            changed.ToJsonString(Unescaped));
        Assert.Same(management, other);
        Assert.Equal("kcm-1-2-0", (string?)management["spec"]!["release"]);
    }

    [Theory]
    [InlineData("groupResource: deployments.apps", true)]
    [InlineData("groupResource: 'deployments.*'", true)]
    [InlineData("groupResource: '*'", true)]
    [InlineData("groupResource: deployments", false)]
    [InlineData("{groupResource: '*', resourceNameRegex: '^sho.$'}", true)]
    [InlineData("{groupResource: '*', resourceNameRegex: '^op$'}", false)]
    [InlineData("{groupResource: '*', namespaces: [a, web]}", true)]
    [InlineData("{groupResource: '*', namespaces: [a]}", false)]
    [InlineData("{groupResource: '*', labelSelector: {matchLabels: {app: shop}}}", true)]
    [InlineData(
        "{groupResource: '*', labelSelector: {matchExpressions: [{key: app, operator: NotIn, values: [shop]}]}}",
        false)]
    [InlineData("{groupResource: '*', matches: [{path: /spec/replicas, value: '2'}]}", true)]
    [InlineData("{groupResource: '*', matches: [{path: /spec/replicas, value: '\"2\"'}]}", false)]
    [InlineData("{groupResource: '*', matches: [{path: /spec/absent, value: '2'}]}", false)]
    public void A_rule_applies_to_the_objects_that_meet_all_its_conditions(string conditions, bool applies)
    {
        ResourceModifiers modifiers = ResourceModifiers.Parse("rules.yaml", conditions.StartsWith('{')
            ? Rules($"{{conditions: {conditions}, mergePatches: [{{patchData: '{{\"spec\": null}}'}}]}}")
            : Rules($"{{conditions: {{{conditions}}}, mergePatches: [{{patchData: '{{\"spec\": null}}'}}]}}"));
        JsonObject item = Parse(
            """{"metadata":{"name":"shop","namespace":"web","labels":{"app":"shop"}},"spec":{"replicas":2}}""");

        JsonObject changed = modifiers.Apply(Deployments, item, isBuiltIn: true);

        Assert.Equal(applies, !changed.ContainsKey("spec"));
    }

    [Theory]
    [InlineData("""[{"op":"add","path":"/b","value":1}]""", """{"a":[1,2],"b":1}""")]
    [InlineData("""[{"op":"add","path":"/a/-","value":3}]""", """{"a":[1,2,3]}""")]
    [InlineData("""[{"op":"add","path":"/a/1","value":9}]""", """{"a":[1,9,2]}""")]
    [InlineData("""[{"op":"remove","path":"/a/0"}]""", """{"a":[2]}""")]
    [InlineData("""[{"op":"replace","path":"/a/0","value":"x"}]""", """{"a":["x",2]}""")]
    [InlineData("""[{"op":"copy","from":"/a/1","path":"/c"}]""", """{"a":[1,2],"c":2}""")]
    [InlineData("""[{"op":"move","from":"/a","path":"/d~1e"}]""", """{"d/e":[1,2]}""")]
    [InlineData("""[{"op":"test","path":"/a/0","value":1},{"op":"remove","path":"/a"}]""", "{}")]
    public void A_JSON_patch_is_applied_as_RFC_6902_says(string patch, string expected) =>
        Assert.Equal(expected, JsonPatch.Apply(Parse("""{"a":[1,2]}"""), Operations(patch))?.ToJsonString());

    [Fact]
    public void A_JSON_patch_whose_test_fails_changes_nothing() =>
        Assert.Null(JsonPatch.Apply(
            Parse("""{"a":1}"""),
            Operations("""[{"op":"remove","path":"/a"},{"op":"test","path":"/a","value":1}]""")));

    [Theory]
    [InlineData("""[{"op":"remove","path":"/b"}]""", "the path /b does not exist")]
    [InlineData("""[{"op":"replace","path":"/b/c","value":1}]""", "the path /b/c does not exist")]
    [InlineData("""[{"op":"remove","path":"/a/01"}]""", "the path /a/01 does not exist")]
    [InlineData("""[{"op":"remove","path":"b"}]""", "'b' is not a JSON pointer")]
    [InlineData("""[{"op":"swap","path":"/a"}]""", "the operation 'swap' is unknown")]
    [InlineData("""[{"op":"move","path":"/a"}]""", "the operation 'move' has no 'from'")]
    [InlineData("""[{"op":"remove","path":""}]""", "it leaves no object")]
    public void A_JSON_patch_that_does_not_fit_is_refused_with_the_reason(string patch, string message) =>
        Assert.Contains(
            message,
            Assert.Throws<PatchException>(() => JsonPatch.Apply(Parse("""{"a":[1,2]}"""), Operations(patch))).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"containers":[{"name":"a","image":"2"}]}""",
        """{"containers":[{"name":"a","image":"2","env":[{"name":"x","value":"1"}]},{"name":"b","image":"1"}]}""")]
    [InlineData("""{"containers":[{"name":"c"}]}""",
        """{"containers":[{"name":"a","image":"1","env":[{"name":"x","value":"1"}]},{"name":"b","image":"1"},"""
        + """{"name":"c"}]}""")]
    [InlineData("""{"containers":[{"name":"a","$patch":"delete"}]}""", """{"containers":[{"name":"b","image":"1"}]}""")]
    [InlineData("""{"containers":[{"$patch":"replace"},{"name":"z"}]}""", """{"containers":[{"name":"z"}]}""")]
    [InlineData("""{"containers":[{"name":"a","env":[{"name":"y","value":"2"}]}]}""",
        """{"containers":[{"name":"a","image":"1","env":[{"name":"x","value":"1"},{"name":"y","value":"2"}]},"""
        + """{"name":"b","image":"1"}]}""")]
    [InlineData("""{"containers":null}""", "{}")]
    [InlineData("""{"$patch":"replace","nodeName":"n"}""", """{"nodeName":"n"}""")]
    public void A_strategic_patch_merges_lists_by_their_keys(string patch, string expected)
    {
        JsonObject spec = Parse(
            """{"containers":[{"name":"a","image":"1","env":[{"name":"x","value":"1"}]},{"name":"b","image":"1"}]}""");

        StrategicMergePatch.Apply(spec, Parse(patch));

        Assert.Equal(expected, spec.ToJsonString());
    }

    [Theory]
    [InlineData("""{"ports":[{"port":80,"targetPort":8080}]}""",
        """{"ports":[{"port":80,"name":"http","targetPort":8080},{"port":81}],"finalizers":["a"]}""")]
    [InlineData("""{"finalizers":["b","a"]}""",
        """{"ports":[{"port":80,"name":"http"},{"port":81}],"finalizers":["a","b"]}""")]
    [InlineData("""{"$deleteFromPrimitiveList/finalizers":["a"]}""",
        """{"ports":[{"port":80,"name":"http"},{"port":81}]}""")]
    public void Ports_are_merged_by_their_number_and_finalizers_as_a_set(string patch, string expected)
    {
        JsonObject item = Parse("""{"ports":[{"port":80,"name":"http"},{"port":81}],"finalizers":["a"]}""");

        StrategicMergePatch.Apply(item, Parse(patch));

        Assert.Equal(expected, item.ToJsonString());
    }

    [Fact]
    public void A_strategic_patch_of_a_custom_resource_is_refused()
    {
        ResourceModifiers modifiers = ResourceModifiers.Parse(
            "rules.yaml", Rules("{conditions: {groupResource: '*'}, strategicPatches: [{patchData: '{a: 1}'}]}"));

        PatchException refused = Assert.Throws<PatchException>(
            () => modifiers.Apply(new GroupResource("example.com", "widgets"), Parse("{}"), isBuiltIn: false));

        Assert.Equal(
            "rule 1 of the resource modifiers: strategic patches are for built-in kinds: use mergePatches",
            refused.Message);
    }

    [Theory]
    [InlineData("a: [", "this is not YAML")]
    [InlineData("kind: Other", "expected a document with 'resourceModifierRules'")]
    [InlineData("{version: v2, resourceModifierRules: []}", "expected version: v1")]
    [InlineData("{version: v1, resourceModifierRules: [{}]}", "rule 1: expected 'conditions'")]
    [InlineData("{version: v1, resourceModifierRules: [{conditions: {}}]}", "expected 'conditions.groupResource'")]
    [InlineData("{version: v1, resourceModifierRules: [{conditions: {groupResource: a}}]}", "expected 'patches'")]
    [InlineData("{version: v1, resourceModifierRules: [{conditions: {groupResource: a}, patches: [{path: /a}]}]}",
        "a patch needs 'operation' and 'path'")]
    [InlineData("{version: v1, resourceModifierRules: [{conditions: {groupResource: a, resourceNameRegex: '('}, "
        + "patches: [{path: /a, operation: remove}]}]}", "'(' is not a regular expression")]
    [InlineData("{version: v1, resourceModifierRules: [{conditions: {groupResource: a}, "
        + "mergePatches: [{patchData: 'text'}]}]}", "expected an object in 'patchData'")]
    public void A_file_that_is_wrong_is_refused_with_the_reason(string text, string message)
    {
        BackupException refused = Assert.Throws<BackupException>(() => ResourceModifiers.Parse("rules.yaml", text));

        Assert.Equal(FailureReason.InvalidInput, refused.Reason);
        Assert.StartsWith("rules.yaml:", refused.Message, StringComparison.Ordinal);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    private static readonly System.Text.Json.JsonSerializerOptions Unescaped = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static string Rules(string rule) => $"{{version: v1, resourceModifierRules: [{rule}]}}";

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    private static IEnumerable<JsonPatchOperation> Operations(string patch) =>
        ((JsonArray)JsonNode.Parse(patch)!).Select(one => new JsonPatchOperation(
            (string)one!["op"]!, (string)one["path"]!, (string?)one["from"], one["value"]));
}
