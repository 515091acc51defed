using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Tests.Objects.Comparing;

/// <summary>Random documents, and other ones that differ from them in a few places.</summary>
internal static class RandomDocuments
{
    public static JsonNode? Value(Random random, int depth)
    {
        switch (random.Next(depth > 0 ? 10 : 5))
        {
            case 0:
                return null;
            case 1:
                return JsonValue.Create(random.Next(4));
            case 2:
                return JsonValue.Create(random.Next(2) == 0);
            case 3 or 4:
                return JsonValue.Create(new string((char)('a' + random.Next(4)), random.Next(4)));
            case 5 or 6:
                return Fields(random, depth);
            case 7:
                JsonArray named = [];
                foreach (int number in Enumerable.Range(0, 6).Where(_ => random.Next(2) == 0))
                {
                    JsonObject item = Fields(random, depth);
                    item["name"] = $"n{number}";
                    named.Add(item);
                }

                return named;
            default:
                return new JsonArray([.. Enumerable.Range(0, random.Next(6)).Select(_ => Value(random, depth - 1))]);
        }
    }

    public static JsonObject Fields(Random random, int depth) => new(Enumerable.Range(0, 5)
        .Where(_ => random.Next(2) == 0)
        .Select(number => KeyValuePair.Create($"f{number}", Value(random, depth - 1))));

    /// <summary>Returns a copy in which some values are replaced, removed, added or moved.</summary>
    public static JsonNode? Change(Random random, JsonNode? node, int depth)
    {
        if (random.Next(12) == 0)
        {
            return Value(random, depth);
        }

        switch (node)
        {
            case JsonObject fields:
                JsonObject changed = [];
                foreach ((string name, JsonNode? value) in fields)
                {
                    if (name == "name" || random.Next(12) > 0)
                    {
                        changed[name] = name == "name" ? value?.DeepClone() : Change(random, value, depth - 1);
                    }
                }

                if (random.Next(6) == 0)
                {
                    changed["added"] = Value(random, depth - 1);
                }

                return changed;
            case JsonArray items:
                List<JsonNode?> list =
                    [.. items.Where(_ => random.Next(8) > 0).Select(item => Change(random, item, depth - 1))];
                if (list.Count > 1 && random.Next(6) == 0)
                {
                    (list[0], list[^1]) = (list[^1]?.DeepClone(), list[0]?.DeepClone());
                }

                if (random.Next(6) == 0)
                {
                    list.Insert(random.Next(list.Count + 1), Value(random, depth - 1));
                }

                return new JsonArray([.. list]);
            default:
                return node?.DeepClone();
        }
    }
}
