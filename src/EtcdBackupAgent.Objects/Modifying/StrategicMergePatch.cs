using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.Modifying;

/// <summary>
/// Applies a strategic merge patch of Kubernetes: as a merge patch, but lists with a key are merged item by item.
/// The keys are those that the types of the built-in kinds name (<c>patchMergeKey</c>). Directives: <c>$patch</c>,
/// <c>$deleteFromPrimitiveList</c>, <c>$retainKeys</c>; <c>$setElementOrder</c> is ignored.
/// </summary>
/// <remarks>Source:
/// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
/// </remarks>
public static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string DeleteFromList = "$deleteFromPrimitiveList/";
    private const string RetainKeys = "$retainKeys";

    /// <summary>The field that identifies an item, by the name of the list.</summary>
    private static readonly Dictionary<string, string> Keys = new(StringComparer.Ordinal)
    {
        ["containers"] = "name",
        ["initContainers"] = "name",
        ["ephemeralContainers"] = "name",
        ["volumes"] = "name",
        ["imagePullSecrets"] = "name",
        ["env"] = "name",
        ["volumeMounts"] = "mountPath",
        ["volumeDevices"] = "devicePath",
        ["hostAliases"] = "ip",
        ["topologySpreadConstraints"] = "topologyKey",
        ["secrets"] = "name",
        ["conditions"] = "type",
        ["ownerReferences"] = "uid",
        ["resourceClaims"] = "name",
        ["webhooks"] = "name",
        ["matchConditions"] = "name",
        ["podIPs"] = "ip",
    };

    /// <summary>Lists of texts that are merged as sets.</summary>
    private static readonly HashSet<string> Sets = new(StringComparer.Ordinal) { "finalizers" };

    /// <summary>Changes a document of a built-in kind.</summary>
    /// <exception cref="PatchException">A directive is unknown, or an item has no key.</exception>
    public static void Apply(JsonObject document, JsonObject patch)
    {
        switch (patch.Text(Directive))
        {
            case "replace":
                document.Clear();
                break;
            case null or "merge":
                break;
            case { } other:
                throw new PatchException($"'{Directive}: {other}' is not possible here");
        }

        if (patch[RetainKeys] is JsonArray retained)
        {
            HashSet<string?> kept = [.. retained.Select(JsonFields.TextOf)];
            foreach (string name in document.Select(field => field.Key).Where(name => !kept.Contains(name)).ToArray())
            {
                document.Remove(name);
            }
        }

        foreach ((string name, JsonNode? value) in patch)
        {
            if (name.StartsWith(DeleteFromList, StringComparison.Ordinal))
            {
                HashSet<string?> removed = [.. (value as JsonArray ?? []).Select(JsonFields.TextOf)];
                document.RemoveItems(
                    name[DeleteFromList.Length..],
                    item => JsonFields.TextOf(item) is { } text && removed.Contains(text));
            }
            else if (!name.StartsWith('$'))
            {
                ApplyField(document, name, value);
            }
        }
    }

    private static void ApplyField(JsonObject document, string name, JsonNode? value)
    {
        switch (value)
        {
            case null:
                document.Remove(name);
                break;
            case JsonObject inner when inner.Text(Directive) == "delete":
                document.Remove(name);
                break;
            case JsonObject inner:
                if (document[name] is not JsonObject target)
                {
                    document[name] = target = [];
                }

                Apply(target, inner);
                break;
            case JsonArray items when KeyOf(name, items) is { } key:
                document[name] = Merge(document[name] as JsonArray ?? [], items, key);
                break;
            case JsonArray items when Sets.Contains(name) && document[name] is JsonArray existing:
                foreach (JsonNode? item in items)
                {
                    if (!existing.Any(one => JsonNode.DeepEquals(one, item)))
                    {
                        existing.Add(item?.DeepClone());
                    }
                }

                break;
            default:
                document[name] = value.DeepClone();
                break;
        }
    }

    /// <summary>The key of a list; null for a list that is replaced. Ports have one key in a container, and another
    /// in a service.</summary>
    private static string? KeyOf(string name, JsonArray items) => name == "ports"
        ? items.OfType<JsonObject>().Any(port => port.ContainsKey("containerPort")) ? "containerPort"
            : items.OfType<JsonObject>().Any(port => port.ContainsKey("port")) ? "port"
            : null
        : Keys.GetValueOrDefault(name);

    private static JsonArray Merge(JsonArray existing, JsonArray patches, string key)
    {
        bool isReplaced = patches.OfType<JsonObject>().Any(
            item => item.Text(Directive) == "replace" && !item.ContainsKey(key));
        List<JsonNode?> merged = isReplaced ? [] : [.. existing.Select(item => item?.DeepClone())];
        foreach (JsonObject patch in patches.OfType<JsonObject>())
        {
            if (isReplaced && !patch.ContainsKey(key))
            {
                continue;
            }

            JsonNode id = patch[key] ?? throw new PatchException($"an item of a list has no '{key}'");
            int at = merged.FindIndex(item => item is JsonObject one && JsonNode.DeepEquals(one[key], id));
            if (patch.Text(Directive) == "delete")
            {
                if (at >= 0)
                {
                    merged.RemoveAt(at);
                }

                continue;
            }

            JsonObject target = at >= 0 ? (JsonObject)merged[at]! : [];
            Apply(target, patch);
            if (at < 0)
            {
                merged.Add(target);
            }
        }

        return [.. merged];
    }
}
