using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Comparing;

namespace EtcdBackupAgent.Tests.Objects.Comparing;

/// <summary>Applies changes to a document: the reverse of finding them, written for clarity alone.</summary>
internal static class AppliedChanges
{
    public static JsonNode? Apply(JsonNode? old, IReadOnlyList<FieldChange> changes) =>
        Apply(old?.DeepClone(), [.. changes.Select(change => new Rest(change, 0))]);

    /// <summary>
    /// Sorts lists whose items all have a name, because items that were added to such a list have no place.
    /// </summary>
    public static JsonNode? WithoutPlaces(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields
            .OrderBy(field => field.Key, StringComparer.Ordinal)
            .Select(field => KeyValuePair.Create(field.Key, WithoutPlaces(field.Value)))),
        JsonArray items
            when items.Count > 0 && items.All(item => item is JsonObject fields && fields.ContainsKey("name")) =>
            new JsonArray(
            [
                .. items.Select(WithoutPlaces)
                    .OrderBy(item => item!["name"]!.ToJsonString(), StringComparer.Ordinal),
            ]),
        JsonArray items => new JsonArray([.. items.Select(WithoutPlaces)]),
        _ => node?.DeepClone(),
    };

    private static JsonNode? Apply(JsonNode? value, List<Rest> changes)
    {
        foreach (Rest whole in changes.Where(rest => rest.IsEnd && rest.Change.Kind == FieldChangeKind.Changed))
        {
            return whole.Change.New?.DeepClone();
        }

        switch (value)
        {
            case JsonObject fields:
                foreach (IGrouping<string, Rest> field in changes.GroupBy(rest => ((FieldStep)rest.Step).Name).ToList())
                {
                    List<Rest> next = [.. field.Select(rest => rest.Next)];
                    if (IsRemoved(next))
                    {
                        fields.Remove(field.Key);
                    }
                    else
                    {
                        fields.TryGetPropertyValue(field.Key, out JsonNode? old);
                        fields.Remove(field.Key);
                        fields[field.Key] = IsAdded(next, out JsonNode? added) ? added : Apply(old, next);
                    }
                }

                return fields;
            case JsonArray items when changes.Exists(rest => !rest.IsEnd && rest.Step is IndexStep):
                return ApplyToPlaces(items, changes);
            case JsonArray items:
                return ApplyToNamed(items, changes);
            default:
                return changes.Count == 0
                    ? value
                    : throw new InvalidOperationException("There is nothing to apply the changes to.");
        }
    }

    private static JsonArray ApplyToPlaces(JsonArray items, List<Rest> changes)
    {
        JsonNode?[] old = [.. items.Select(item => item?.DeepClone())];
        ILookup<IndexStep, Rest> byPlace = changes.ToLookup(rest => (IndexStep)rest.Step, rest => rest.Next);
        Dictionary<int, JsonNode?> placed = [];
        HashSet<int> used = [];
        foreach (IGrouping<IndexStep, Rest> place in byPlace)
        {
            List<Rest> next = [.. place];
            if (place.Key.Old is { } from)
            {
                used.Add(from);
            }

            if (place.Key.New is { } to)
            {
                placed[to] = IsAdded(next, out JsonNode? added) ? added : Apply(old[place.Key.Old!.Value], next);
            }
        }

        Queue<JsonNode?> kept = new(old.Where((_, index) => !used.Contains(index)));
        JsonArray result = [];
        while (kept.Count > 0 || placed.ContainsKey(result.Count))
        {
            result.Add(placed.TryGetValue(result.Count, out JsonNode? item) ? item : kept.Dequeue());
        }

        return result;
    }

    private static JsonArray ApplyToNamed(JsonArray items, List<Rest> changes)
    {
        List<JsonNode?> result = [.. items.Select(item => item?.DeepClone())];
        foreach (IGrouping<ItemStep, Rest> item in changes
            .Where(rest => !rest.IsEnd).GroupBy(rest => (ItemStep)rest.Step, rest => rest.Next))
        {
            List<Rest> next = [.. item];
            int at = result.FindIndex(one => one![item.Key.Field]?.ToJsonString() == item.Key.Value);
            if (IsRemoved(next))
            {
                result.RemoveAt(at);
            }
            else if (IsAdded(next, out JsonNode? added))
            {
                result.Add(added);
            }
            else
            {
                result[at] = Apply(result[at], next);
            }
        }

        return [.. result];
    }

    private static bool IsRemoved(List<Rest> changes) =>
        changes is [{ IsEnd: true, Change.Kind: FieldChangeKind.Removed }];

    private static bool IsAdded(List<Rest> changes, out JsonNode? value)
    {
        bool isAdded = changes is [{ IsEnd: true, Change.Kind: FieldChangeKind.Added }];
        value = isAdded ? changes[0].Change.New?.DeepClone() : null;
        return isAdded;
    }

    private sealed record Rest(FieldChange Change, int At)
    {
        public bool IsEnd => At == Change.Path.Steps.Count;

        public PathStep Step => Change.Path.Steps[At];

        public Rest Next => this with { At = At + 1 };
    }
}
