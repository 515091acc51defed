using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Masking;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>A field that has another value after a write.</summary>
/// <param name="Path">The names, separated by dots, with the index of an item in brackets.</param>
/// <param name="Before">The value before, as JSON; null if there was none.</param>
/// <param name="After">The value after; null if there is none.</param>
public sealed record FieldChange(string Path, string? Before, string? After)
{
    /// <summary>Returns the fields that differ. Values of Secrets are masked.</summary>
    public static IReadOnlyList<FieldChange> Between(GroupVersionKind kind, JsonObject before, JsonObject after)
    {
        List<FieldChange> changes = [];
        Compare("", before, after, changes);
        return SecretMask.Covers(kind)
            ? [.. changes.Select(change => IsValue(change.Path) ? Masked(change) : change)]
            : changes;
    }

    private static bool IsValue(string path) =>
        path.StartsWith("data", StringComparison.Ordinal)
        || path.StartsWith("stringData", StringComparison.Ordinal)
        || path.StartsWith("metadata.annotations", StringComparison.Ordinal);

    private static FieldChange Masked(FieldChange change) => change with
    {
        Before = change.Before is null ? null : SecretMask.Mask,
        After = change.After is null ? null : SecretMask.Mask,
    };

    private static void Compare(string path, JsonNode? before, JsonNode? after, List<FieldChange> changes)
    {
        if (before is JsonObject one && after is JsonObject other)
        {
            foreach (string name in one.Select(field => field.Key).Union(other.Select(field => field.Key)))
            {
                Compare(path.Length == 0 ? name : $"{path}.{name}", one[name], other[name], changes);
            }
        }
        else if (before is JsonArray items && after is JsonArray others && items.Count == others.Count)
        {
            for (int i = 0; i < items.Count; i++)
            {
                Compare($"{path}[{i}]", items[i], others[i], changes);
            }
        }
        else if (!JsonNode.DeepEquals(before, after))
        {
            changes.Add(new FieldChange(path, before?.ToJsonString(), after?.ToJsonString()));
        }
    }
}
