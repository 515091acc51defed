using System.Text;
using System.Text.Json;

namespace EtcdBackupAgent.IntegrationTests.Objects;

/// <summary>
/// Compares two JSON texts token by token: names, their order, texts, and numbers digit by digit. Only the way in which
/// characters are escaped may differ.
/// </summary>
internal static class JsonComparison
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 1000 };

    /// <summary>Returns the first difference with its path; null if there is none.</summary>
    public static string? Difference(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        Utf8JsonReader wanted = new(expected, Options);
        Utf8JsonReader found = new(actual, Options);
        StringBuilder names = new();
        while (wanted.Read())
        {
            if (!found.Read() || Token(wanted) != Token(found))
            {
                return $"expected {Token(wanted)}, found {Token(found)}, after {Last(names)}";
            }

            if (wanted.TokenType == JsonTokenType.PropertyName)
            {
                names.Append('.').Append(wanted.GetString());
            }
        }

        return found.Read() ? $"found {Token(found)} after the end" : null;
    }

    private static string Token(Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.PropertyName or JsonTokenType.String => $"{reader.TokenType} '{reader.GetString()}'",
        JsonTokenType.Number => $"Number {Encoding.UTF8.GetString(reader.ValueSpan)}",
        _ => reader.TokenType.ToString(),
    };

    private static string Last(StringBuilder names) =>
        names.ToString(Math.Max(0, names.Length - 100), Math.Min(100, names.Length));
}
