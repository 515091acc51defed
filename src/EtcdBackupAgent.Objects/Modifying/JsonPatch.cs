using System.Globalization;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Objects.Modifying;

/// <summary>One operation of a JSON Patch.</summary>
/// <param name="Operation"><c>add</c>, <c>remove</c>, <c>replace</c>, <c>copy</c>, <c>move</c> or <c>test</c>.</param>
/// <param name="Path">A JSON pointer.</param>
/// <param name="From">The source of <c>copy</c> and <c>move</c>; null otherwise.</param>
/// <param name="Value">The value of <c>add</c>, <c>replace</c> and <c>test</c>.</param>
public sealed record JsonPatchOperation(string Operation, string Path, string? From, JsonNode? Value);

/// <summary>A patch cannot be applied to an object. The message begins with a small letter and is a reason.</summary>
public sealed class PatchException(string message) : Exception(message);

/// <summary>
/// Applies a JSON Patch (RFC 6902) to a document; pointers are those of RFC 6901. No package in use here does so on
/// <see cref="JsonNode"/> without reflection, which ahead-of-time compilation does not allow.
/// </summary>
public static class JsonPatch
{
    /// <summary>Applies the operations in their order. A test that fails ends it and changes nothing.</summary>
    /// <returns>The changed document; null if a test failed.</returns>
    /// <exception cref="PatchException">A path does not exist, or an operation is unknown.</exception>
    public static JsonObject? Apply(JsonObject document, IEnumerable<JsonPatchOperation> operations)
    {
        // One above the document: so its root is a field as any other.
        JsonObject holder = new() { ["root"] = document.DeepClone() };
        foreach (JsonPatchOperation operation in operations)
        {
            switch (operation.Operation)
            {
                case "add":
                    Add(holder, operation.Path, operation.Value?.DeepClone());
                    break;
                case "remove":
                    Remove(holder, operation.Path);
                    break;
                case "replace":
                    Remove(holder, operation.Path);
                    Add(holder, operation.Path, operation.Value?.DeepClone());
                    break;
                case "copy":
                    Add(holder, operation.Path, Get(holder, From(operation))?.DeepClone());
                    break;
                case "move":
                    JsonNode? moved = Get(holder, From(operation));
                    Remove(holder, From(operation));
                    Add(holder, operation.Path, moved);
                    break;
                case "test":
                    if (!Holds(holder, operation.Path, operation.Value))
                    {
                        return null;
                    }

                    break;
                default:
                    throw new PatchException($"the operation '{operation.Operation}' is unknown");
            }
        }

        JsonNode? root = holder["root"];
        holder.Remove("root");
        return root as JsonObject ?? throw new PatchException("it leaves no object");
    }

    /// <summary>Whether a value is at a path.</summary>
    /// <exception cref="PatchException">The path is not a JSON pointer.</exception>
    public static bool Has(JsonObject document, string path, JsonNode? value) =>
        Holds(new JsonObject { ["root"] = document.DeepClone() }, path, value);

    private static bool Holds(JsonObject holder, string path, JsonNode? value)
    {
        string[] steps = Steps(path);
        JsonNode? at = holder;
        foreach (string step in steps)
        {
            if (!TryStep(at, step, out at))
            {
                // As Velero's library does: what is absent equals null.
                return value is null;
            }
        }

        return JsonNode.DeepEquals(at, value);
    }

    private static string From(JsonPatchOperation operation) =>
        operation.From ?? throw new PatchException($"the operation '{operation.Operation}' has no 'from'");

    private static JsonNode? Get(JsonObject holder, string path)
    {
        JsonNode? at = holder;
        foreach (string step in Steps(path))
        {
            if (!TryStep(at, step, out at))
            {
                throw Missing(path);
            }
        }

        return at;
    }

    private static void Add(JsonObject holder, string path, JsonNode? value)
    {
        (JsonNode parent, string last) = Parent(holder, path);
        switch (parent)
        {
            case JsonObject fields:
                fields[last] = value;
                break;
            case JsonArray items when last == "-":
                items.Add(value);
                break;
            case JsonArray items when Index(last) is { } index && index <= items.Count:
                items.Insert(index, value);
                break;
            default:
                throw Missing(path);
        }
    }

    private static void Remove(JsonObject holder, string path)
    {
        (JsonNode parent, string last) = Parent(holder, path);
        bool isRemoved = parent switch
        {
            JsonObject fields => fields.Remove(last),
            JsonArray items when Index(last) is { } index && index < items.Count => RemoveAt(items, index),
            _ => false,
        };
        if (!isRemoved)
        {
            throw Missing(path);
        }
    }

    private static bool RemoveAt(JsonArray items, int index)
    {
        items.RemoveAt(index);
        return true;
    }

    private static (JsonNode Parent, string Last) Parent(JsonObject holder, string path)
    {
        string[] steps = Steps(path);
        JsonNode? at = holder;
        foreach (string step in steps.AsSpan()[..^1])
        {
            if (!TryStep(at, step, out at))
            {
                throw Missing(path);
            }
        }

        return (at ?? throw Missing(path), steps[^1]);
    }

    private static bool TryStep(JsonNode? node, string step, out JsonNode? next)
    {
        next = null;
        switch (node)
        {
            case JsonObject fields:
                return fields.TryGetPropertyValue(step, out next);
            case JsonArray items when Index(step) is { } index && index < items.Count:
                next = items[index];
                return true;
            default:
                return false;
        }
    }

    private static string[] Steps(string path) =>
        path.Length == 0 ? ["root"]
        : path[0] != '/' ? throw new PatchException($"'{path}' is not a JSON pointer: it does not begin with '/'")
        :
        [
            "root",
            .. path[1..].Split('/').Select(step => step
                .Replace("~1", "/", StringComparison.Ordinal)
                .Replace("~0", "~", StringComparison.Ordinal)),
        ];

    private static int? Index(string step) =>
        (step == "0" || !step.StartsWith('0'))
        && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? index
            : null;

    private static PatchException Missing(string path) => new($"the path {path} does not exist");
}
