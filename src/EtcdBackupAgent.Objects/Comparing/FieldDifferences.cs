using System.Text.Json;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>
/// Finds the fields in which two documents differ. Applied to the old document, the changes give the new one, except
/// for the places of items that were added to a list whose items are identified by a field.
/// </summary>
/// <remarks>
/// Lists of objects are compared by the field that identifies their items, if all items of both lists have it with
/// values of their own; other lists by the longest common subsequence, and items at one place with each other.
/// </remarks>
public static class FieldDifferences
{
    /// <summary>
    /// The fields that identify an item, by their rank: the merge keys of Kubernetes' own types.
    /// </summary>
    private static readonly string[] KeyFields =
        ["name", "containerPort", "mountPath", "devicePath", "ip", "key", "type", "port", "uid", "topologyKey"];

    /// <summary>Returns the changes, in the order of the fields.</summary>
    public static IReadOnlyList<FieldChange> Between(JsonNode? old, JsonNode? @new)
    {
        List<FieldChange> changes = [];
        Compare(FieldPath.Root, old, @new, changes);
        return changes;
    }

    private static void Compare(FieldPath path, JsonNode? old, JsonNode? @new, List<FieldChange> changes)
    {
        switch (old, @new)
        {
            case (JsonObject oldFields, JsonObject newFields):
                CompareFields(path, oldFields, newFields, changes);
                break;
            case (JsonArray oldItems, JsonArray newItems):
                CompareItems(path, oldItems, newItems, changes);
                break;
            default:
                if (!JsonNode.DeepEquals(old, @new))
                {
                    changes.Add(new FieldChange(FieldChangeKind.Changed, path, old, @new));
                }

                break;
        }
    }

    private static void CompareFields(FieldPath path, JsonObject old, JsonObject @new, List<FieldChange> changes)
    {
        foreach (string name in old.Concat(@new).Select(field => field.Key)
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            FieldPath field = path.Then(new FieldStep(name));
            bool isOld = old.TryGetPropertyValue(name, out JsonNode? oldValue);
            bool isNew = @new.TryGetPropertyValue(name, out JsonNode? newValue);
            if (isOld && isNew)
            {
                Compare(field, oldValue, newValue, changes);
            }
            else
            {
                changes.Add(new FieldChange(
                    isNew ? FieldChangeKind.Added : FieldChangeKind.Removed, field, oldValue, newValue));
            }
        }
    }

    private static void CompareItems(FieldPath path, JsonArray old, JsonArray @new, List<FieldChange> changes)
    {
        foreach (string field in KeyFields)
        {
            if (ByKey(old, field) is { } oldItems && ByKey(@new, field) is { } newItems)
            {
                CompareKeyed(path, field, oldItems, newItems, changes);
                return;
            }
        }

        ComparePlaces(path, old, @new, changes);
    }

    /// <summary>
    /// The items by the values of a field; null if it does not identify them. An empty list has no identified items.
    /// </summary>
    private static OrderedDictionary<string, JsonNode>? ByKey(JsonArray items, string field)
    {
        OrderedDictionary<string, JsonNode> byKey = new(StringComparer.Ordinal);
        foreach (JsonNode? item in items)
        {
            if (item is not JsonObject fields
                || fields[field] is not JsonValue value
                || value.GetValueKind() is not (JsonValueKind.String or JsonValueKind.Number)
                || !byKey.TryAdd(JsonValues.Text(value), item))
            {
                return null;
            }
        }

        return byKey.Count > 0 ? byKey : null;
    }

    private static void CompareKeyed(
        FieldPath path,
        string field,
        OrderedDictionary<string, JsonNode> old,
        OrderedDictionary<string, JsonNode> @new,
        List<FieldChange> changes)
    {
        foreach ((string key, JsonNode item) in old)
        {
            FieldPath place = path.Then(new ItemStep(field, key));
            if (@new.TryGetValue(key, out JsonNode? newItem))
            {
                Compare(place, item, newItem, changes);
            }
            else
            {
                changes.Add(new FieldChange(FieldChangeKind.Removed, place, item, New: null));
            }
        }

        foreach ((string key, JsonNode item) in @new)
        {
            if (!old.ContainsKey(key))
            {
                changes.Add(new FieldChange(
                    FieldChangeKind.Added, path.Then(new ItemStep(field, key)), Old: null, item));
            }
        }

        string[] oldOrder = [.. old.Keys.Where(@new.ContainsKey)];
        string[] newOrder = [.. @new.Keys.Where(old.ContainsKey)];
        if (!oldOrder.SequenceEqual(newOrder, StringComparer.Ordinal))
        {
            changes.Add(new FieldChange(FieldChangeKind.Reordered, path, ListOf(oldOrder), ListOf(newOrder)));
        }
    }

    private static JsonArray ListOf(string[] keys) => [.. keys.Select(key => JsonNode.Parse(key))];

    private static void ComparePlaces(FieldPath path, JsonArray old, JsonArray @new, List<FieldChange> changes)
    {
        foreach (SequenceChange change in SequenceDifferences.Between(
            [.. old.Select(item => JsonValues.Text(item))], [.. @new.Select(item => JsonValues.Text(item))]))
        {
            int paired = Math.Min(change.OldCount, change.NewCount);
            for (int i = 0; i < Math.Max(change.OldCount, change.NewCount); i++)
            {
                (int oldPlace, int newPlace) = (change.OldStart + i, change.NewStart + i);
                if (i < paired)
                {
                    Compare(path.Then(new IndexStep(oldPlace, newPlace)), old[oldPlace], @new[newPlace], changes);
                }
                else if (i < change.OldCount)
                {
                    changes.Add(new FieldChange(
                        FieldChangeKind.Removed, path.Then(new IndexStep(oldPlace, null)), old[oldPlace], New: null));
                }
                else
                {
                    changes.Add(new FieldChange(
                        FieldChangeKind.Added, path.Then(new IndexStep(null, newPlace)), Old: null, @new[newPlace]));
                }
            }
        }
    }
}
