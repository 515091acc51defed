using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Selecting;

namespace EtcdBackupAgent.Objects.Modifying;

/// <summary>A value that an object must have for a rule to apply.</summary>
/// <param name="Path">A JSON pointer.</param>
/// <param name="Value">The value.</param>
public sealed record RequiredValue(string Path, JsonNode? Value);

/// <summary>One rule of a file of resource modifiers: conditions, and changes of the objects that meet all of them.
/// </summary>
public sealed record ResourceModifier
{
    /// <summary>The resources, such as <c>deployments.apps</c>; <c>*</c> and <c>?</c> are wildcards.</summary>
    public required NamePatterns Resources { get; init; }

    /// <summary>What the name must contain a match of; null for any.</summary>
    public Regex? Name { get; init; }

    /// <summary>The namespaces; none for all.</summary>
    public NamePatterns Namespaces { get; init; } = NamePatterns.None;

    /// <summary>The labels; null for any.</summary>
    public LabelSelector? Labels { get; init; }

    /// <summary>The values that an object must have.</summary>
    public IReadOnlyList<RequiredValue> Matches { get; init; } = [];

    /// <summary>The operations of a JSON Patch.</summary>
    public IReadOnlyList<JsonPatchOperation> Operations { get; init; } = [];

    /// <summary>Merge patches.</summary>
    public IReadOnlyList<JsonObject> MergePatches { get; init; } = [];

    /// <summary>Strategic merge patches.</summary>
    public IReadOnlyList<JsonObject> StrategicPatches { get; init; } = [];

    /// <summary>Whether an object meets the conditions.</summary>
    /// <exception cref="PatchException">A path of a condition is not a JSON pointer.</exception>
    public bool Covers(GroupResource resource, JsonObject item)
    {
        JsonObject metadata = item["metadata"] as JsonObject ?? [];
        return Resources.Matches(resource.ToString())
            && Name?.IsMatch(metadata.Text("name") ?? "") != false
            && (Namespaces.IsEmpty || Namespaces.Matches(metadata.Text("namespace") ?? ""))
            && Labels?.Matches(label => (metadata["labels"] as JsonObject)?.Text(label)) != false
            && Matches.All(match => JsonPatch.Has(item, match.Path, match.Value));
    }

    /// <summary>Returns a changed object, or the same one if a test of the patch fails.</summary>
    /// <param name="item">The object.</param>
    /// <param name="isBuiltIn">Whether its kind is built in: only then the keys of its lists are known.</param>
    /// <exception cref="PatchException">The object cannot be changed like this.</exception>
    public JsonObject Apply(JsonObject item, bool isBuiltIn)
    {
        if (StrategicPatches.Count > 0 && !isBuiltIn)
        {
            throw new PatchException("strategic patches are for built-in kinds: use mergePatches");
        }

        JsonObject? changed = JsonPatch.Apply(item, Operations);
        if (changed is null)
        {
            return item;
        }

        foreach (JsonObject patch in MergePatches)
        {
            MergePatch.Apply(changed, patch);
        }

        foreach (JsonObject patch in StrategicPatches)
        {
            StrategicMergePatch.Apply(changed, patch);
        }

        return changed;
    }
}
