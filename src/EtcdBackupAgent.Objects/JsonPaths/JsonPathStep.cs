using System.Text.Json;

namespace EtcdBackupAgent.Objects.JsonPaths;

/// <summary>One step of a path: from values to other values. Nulls lead nowhere.</summary>
internal abstract record JsonPathStep
{
    /// <exception cref="JsonPathException">The step does not fit the values.</exception>
    public abstract List<JsonElement> Find(List<JsonElement> input);
}

/// <summary>A field of an object.</summary>
internal sealed record FieldStep(string Name) : JsonPathStep
{
    public override List<JsonElement> Find(List<JsonElement> input)
    {
        List<JsonElement> found = [];
        foreach (JsonElement value in input)
        {
            if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty(Name, out JsonElement field))
            {
                found.Add(field);
            }
        }

        return found;
    }
}

/// <summary>All fields of an object, and all items of a list.</summary>
internal sealed record WildcardStep : JsonPathStep
{
    public override List<JsonElement> Find(List<JsonElement> input) => [.. input.SelectMany(Inner)];

    public static IEnumerable<JsonElement> Inner(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Select(field => field.Value),
        JsonValueKind.Array => value.EnumerateArray(),
        _ => [],
    };
}

/// <summary>The values themselves that have inner ones, and those of any depth.</summary>
internal sealed record RecursiveStep : JsonPathStep
{
    public override List<JsonElement> Find(List<JsonElement> input)
    {
        List<JsonElement> found = [];
        foreach (JsonElement value in input)
        {
            List<JsonElement> inner = [.. WildcardStep.Inner(value)];
            if (inner.Count > 0)
            {
                found.Add(value);
                found.AddRange(Find(inner));
            }
        }

        return found;
    }
}

/// <summary>Items of a list: one, or a slice.</summary>
/// <param name="First">The first item; a negative one counts from the end; null for the beginning.</param>
/// <param name="End">The item after the last one; null for the end.</param>
/// <param name="Step">The distance of the items; null for 1.</param>
/// <param name="IsOne">Whether one item is meant, and not a slice.</param>
internal sealed record SliceStep(int? First, int? End, int? Step, bool IsOne) : JsonPathStep
{
    public override List<JsonElement> Find(List<JsonElement> input)
    {
        List<JsonElement> found = [];
        foreach (JsonElement value in input.Where(value => value.ValueKind != JsonValueKind.Null))
        {
            if (value.ValueKind != JsonValueKind.Array)
            {
                throw new JsonPathException("An index of something that is not a list.");
            }

            int length = value.GetArrayLength();
            int first = FromStart(First ?? 0, length);
            int end = IsOne ? first + 1 : FromStart(End ?? length, length);
            if (first == end)
            {
                return found;
            }

            if (first < 0 || first >= length || end < first || end > length || Step <= 0)
            {
                throw new JsonPathException("An index out of the list.");
            }

            for (int i = first; i < end; i += Step ?? 1)
            {
                found.Add(value[i]);
            }
        }

        return found;
    }

    private static int FromStart(int index, int length) => index < 0 ? index + length : index;
}

/// <summary>What several paths lead to, one after the other.</summary>
internal sealed record UnionStep(IReadOnlyList<IReadOnlyList<JsonPathStep>> Paths) : JsonPathStep
{
    public override List<JsonElement> Find(List<JsonElement> input) =>
        [.. Paths.SelectMany(path => JsonPath.Find(path, input))];
}

/// <summary>A constant, whatever the values are.</summary>
internal sealed record ConstantStep(JsonElement Value) : JsonPathStep
{
    public override List<JsonElement> Find(List<JsonElement> input) => [Value];
}

/// <summary>A word that the dialect does not have. A server accepts it in a definition, and never finds anything.
/// </summary>
internal sealed record UnknownStep(string Word) : JsonPathStep
{
    public override List<JsonElement> Find(List<JsonElement> input) =>
        throw new JsonPathException($"'{Word}' is not a step.");
}
