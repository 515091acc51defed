using System.Text.Json;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.JsonPaths;

/// <summary>The items of a list that meet a condition.</summary>
/// <param name="Left">The path that is compared, from an item.</param>
/// <param name="Operator">The comparison; null if the path must lead to something.</param>
/// <param name="Right">What it is compared with.</param>
internal sealed record FilterStep(
    IReadOnlyList<JsonPathStep> Left, string? Operator, IReadOnlyList<JsonPathStep> Right) : JsonPathStep
{
    private enum Basic
    {
        Truth,
        Whole,
        Fraction,
        Text,
    }

    public override List<JsonElement> Find(List<JsonElement> input)
    {
        List<JsonElement> found = [];
        foreach (JsonElement value in input)
        {
            if (value.ValueKind != JsonValueKind.Array)
            {
                throw new JsonPathException("A filter of something that is not a list.");
            }

            found.AddRange(value.EnumerateArray().Where(IsSelected));
        }

        return found;
    }

    private bool IsSelected(JsonElement item)
    {
        if (Operator is null)
        {
            return Exists(item);
        }

        List<JsonElement> lefts = JsonPath.Find(Left, [item]);
        if (lefts.Count == 0)
        {
            return false;
        }

        List<JsonElement> rights = JsonPath.Find(Right, [item]);
        return (lefts.Count, rights.Count) switch
        {
            (1, 0) => false,
            (1, 1) => Compare(lefts[0], rights[0]),
            _ => throw new JsonPathException("More than one value is compared."),
        };
    }

    private bool Exists(JsonElement item)
    {
        try
        {
            return JsonPath.Find(Left, [item]).Count > 0;
        }
        catch (JsonPathException)
        {
            return false;
        }
    }

    private bool Compare(JsonElement left, JsonElement right)
    {
        (Basic kind, Basic other) = (KindOf(left), KindOf(right));
        if (kind != other || (kind == Basic.Truth && Operator is not ("==" or "!=")))
        {
            throw new JsonPathException("The values cannot be compared.");
        }

        int order = kind switch
        {
            Basic.Truth => left.GetBoolean().CompareTo(right.GetBoolean()),
            Basic.Whole => left.GetInt64().CompareTo(right.GetInt64()),
            Basic.Fraction => left.GetDouble().CompareTo(right.GetDouble()),
            _ => Utf8Order.Instance.Compare(left.GetString(), right.GetString()),
        };
        return Operator switch
        {
            "==" => order == 0,
            "!=" => order != 0,
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            ">=" => order >= 0,
            _ => throw new JsonPathException($"'{Operator}' is not a comparison."),
        };
    }

    private static Basic KindOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => Basic.Truth,
        JsonValueKind.Number => value.TryGetInt64(out _) ? Basic.Whole : Basic.Fraction,
        JsonValueKind.String => Basic.Text,
        _ => throw new JsonPathException("The value cannot be compared."),
    };
}
