using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Selecting;
using YamlDotNet.Core;

namespace EtcdBackupAgent.Objects.Modifying;

/// <summary>
/// The rules of a file by which objects are changed before they are restored, in the form of Velero's resource
/// modifiers: <c>version: v1</c> and <c>resourceModifierRules</c>, also as the only value of a ConfigMap.
/// Source: https://velero.io/docs/main/restore-resource-modifiers/
/// </summary>
public sealed class ResourceModifiers(IReadOnlyList<ResourceModifier> rules)
{
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);

    /// <summary>The rules, in the order in which they are applied.</summary>
    public IReadOnlyList<ResourceModifier> Rules { get; } = rules;

    /// <summary>Applies all rules whose conditions an object meets.</summary>
    /// <param name="resource">The resource of the object.</param>
    /// <param name="item">The object; it is not changed.</param>
    /// <param name="isBuiltIn">Whether its kind is built in.</param>
    /// <exception cref="PatchException">A rule cannot be applied; the message names it.</exception>
    public JsonObject Apply(GroupResource resource, JsonObject item, bool isBuiltIn)
    {
        for (int i = 0; i < Rules.Count; i++)
        {
            try
            {
                item = Rules[i].Covers(resource, item) ? Rules[i].Apply(item, isBuiltIn) : item;
            }
            catch (PatchException e)
            {
                throw new PatchException($"rule {i + 1} of the resource modifiers: {e.Message}");
            }
        }

        return item;
    }

    /// <summary>Reads a file.</summary>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="text">Its content.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static ResourceModifiers Parse(string file, string text)
    {
        try
        {
            JsonObject document = YamlJson.Read(text).OfType<JsonObject>().FirstOrDefault(IsModifiers)
                ?? throw Invalid("expected a document with 'resourceModifierRules', or a ConfigMap that contains one");
            if (document["data"] is JsonObject data)
            {
                return Parse($"{file}: {data.Single().Key}", JsonFields.TextOf(data.Single().Value) ?? "");
            }

            if (document.Text("version") != "v1")
            {
                throw Invalid("expected version: v1");
            }

            return new ResourceModifiers(
                [.. Objects(document, "resourceModifierRules").Select((rule, index) => ReadRule(rule, index + 1))]);
        }
        catch (YamlException e)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{file}:{e.Start.Line}: this is not YAML: {e.Message}", e);
        }
        catch (PatchException e)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{file}: {e.Message}.", e)
            {
                Hint = "The form is that of Velero's resource modifiers: see 'Change objects on the way' in "
                    + "docs/objects.md.",
            };
        }
    }

    private static bool IsModifiers(JsonObject document) =>
        document.ContainsKey("resourceModifierRules")
        || (document.Text("kind") == "ConfigMap" && document["data"] is JsonObject { Count: 1 });

    private static ResourceModifier ReadRule(JsonObject rule, int number)
    {
        JsonObject conditions = rule["conditions"] as JsonObject
            ?? throw Invalid($"rule {number}: expected 'conditions'");
        string resources = conditions.Text("groupResource") is { Length: > 0 } given
            ? given
            : throw Invalid($"rule {number}: expected 'conditions.groupResource', such as deployments.apps");
        ResourceModifier read = new()
        {
            Resources = new NamePatterns([resources]),
            Name = conditions.Text("resourceNameRegex") is { Length: > 0 } name ? Pattern(name, number) : null,
            Namespaces = new NamePatterns(conditions.Items("namespaces").Select(JsonFields.TextOf).OfType<string>()),
            Labels = conditions["labelSelector"] is JsonObject labels ? ReadSelector(labels) : null,
            Matches =
            [
                .. Objects(conditions, "matches").Select(
                    match => new RequiredValue(match.Text("path") ?? "", Typed(match["value"]))),
            ],
            Operations = [.. Objects(rule, "patches").Select(patch => ReadOperation(patch, number))],
            MergePatches = [.. Objects(rule, "mergePatches").Select(patch => ReadData(patch, number))],
            StrategicPatches = [.. Objects(rule, "strategicPatches").Select(patch => ReadData(patch, number))],
        };
        return read.Operations.Count + read.MergePatches.Count + read.StrategicPatches.Count > 0
            ? read
            : throw Invalid($"rule {number}: expected 'patches', 'mergePatches' or 'strategicPatches'");
    }

    private static JsonPatchOperation ReadOperation(JsonObject patch, int number) =>
        patch.Text("operation") is { } operation && patch.Text("path") is { } path
            ? new JsonPatchOperation(operation, path, patch.Text("from"), Typed(patch["value"]))
            : throw Invalid($"rule {number}: a patch needs 'operation' and 'path'");

    private static JsonObject ReadData(JsonObject patch, int number)
    {
        JsonNode? data = JsonFields.TextOf(patch["patchData"]) is { } text
            ? YamlJson.Read(text) is [var first, ..] ? first : null
            : patch["patchData"]?.DeepClone();
        return data as JsonObject ?? throw Invalid($"rule {number}: expected an object in 'patchData'");
    }

    /// <summary>A selector in the form of the API: <c>matchLabels</c> and <c>matchExpressions</c>.</summary>
    private static LabelSelector ReadSelector(JsonObject selector)
    {
        IEnumerable<string> labels = (selector["matchLabels"] as JsonObject ?? [])
            .Select(label => $"{label.Key}={JsonFields.TextOf(label.Value)}");
        IEnumerable<string> expressions = Objects(selector, "matchExpressions").Select(one =>
        {
            string key = one.Text("key") ?? "";
            string values = string.Join(',', one.Items("values").Select(JsonFields.TextOf));
            return one.Text("operator") switch
            {
                "In" => $"{key} in ({values})",
                "NotIn" => $"{key} notin ({values})",
                "Exists" => key,
                "DoesNotExist" => $"!{key}",
                var other => throw Invalid($"the operator '{other}' of a labelSelector is unknown"),
            };
        });
        return LabelSelector.Parse(string.Join(',', labels.Concat(expressions)));
    }

    /// <summary>A value is a text that is read as JSON if it is some, as Velero reads it: <c>"5"</c> is a number, and
    /// <c>"\"5\""</c> a text.</summary>
    private static JsonNode? Typed(JsonNode? value)
    {
        if (JsonFields.TextOf(value) is not { } text)
        {
            return value?.DeepClone();
        }

        try
        {
            return text.Length == 0 ? JsonValue.Create("") : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }

    private static Regex Pattern(string text, int number)
    {
        try
        {
            // Patterns of Go's RE2 are, but for a few classes, patterns here too.
            return new Regex(text, RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (ArgumentException e)
        {
            throw Invalid($"rule {number}: '{text}' is not a regular expression: {e.Message}");
        }
    }

    private static IEnumerable<JsonObject> Objects(JsonObject node, string list) =>
        node.Items(list).OfType<JsonObject>();

    private static PatchException Invalid(string message) => new(message);
}
