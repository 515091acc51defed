using System.Text.Json;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>Reads fields of an object, any of which may be missing.</summary>
internal static class Fields
{
    public static string? Text(JsonElement item, params ReadOnlySpan<string> path) => Find(item, path) switch
    {
        { ValueKind: JsonValueKind.String } found => found.GetString(),
        { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } found => found.GetRawText(),
        _ => null,
    };

    /// <summary>The number; 0 if it is missing.</summary>
    public static long Number(JsonElement item, params ReadOnlySpan<string> path) =>
        Find(item, path) is { ValueKind: JsonValueKind.Number } found && found.TryGetInt64(out long number)
            ? number
            : 0;

    /// <summary>The items of a list; none if it is missing.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement item, params ReadOnlySpan<string> path) =>
        Find(item, path) is { ValueKind: JsonValueKind.Array } found ? [.. found.EnumerateArray()] : [];

    /// <summary>The fields of an object; none if it is missing.</summary>
    public static IEnumerable<JsonProperty> Properties(JsonElement item, params ReadOnlySpan<string> path) =>
        Find(item, path) is { ValueKind: JsonValueKind.Object } found ? [.. found.EnumerateObject()] : [];

    private static JsonElement? Find(JsonElement item, ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(name, out item))
            {
                return null;
            }
        }

        return item;
    }
}
