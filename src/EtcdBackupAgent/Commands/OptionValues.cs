using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Text.Json;

namespace EtcdBackupAgent.Commands;

/// <summary>Restricts the values of an option, and reports invalid ones.</summary>
internal static class OptionValues
{
    /// <summary>Restricts a number option to values of at least 1.</summary>
    public static Option<int?> AtLeastOne(this Option<int?> option)
    {
        option.CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (!int.TryParse(text, CultureInfo.InvariantCulture, out int number))
            {
                result.AddError($"{option.Name} '{text}' is not a number.");
            }
            else if (number < 1)
            {
                result.AddError($"{option.Name} {number} is not valid: it must be at least 1.");
            }

            return number;
        };
        return option;
    }

    /// <summary>
    /// Restricts an option to these values, by their names in lower case with a hyphen between words.
    /// </summary>
    public static Option<T> OneOf<T>(this Option<T> option, params T[] allowed)
    {
        Dictionary<string, T> byName = allowed.ToDictionary(
            value => JsonNamingPolicy.KebabCaseLower.ConvertName(value!.ToString()!), StringComparer.OrdinalIgnoreCase);
        option.CompletionSources.Add(_ => byName.Keys.Select(name => new CompletionItem(name)));
        option.CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (!byName.TryGetValue(text, out T? value))
            {
                result.AddError($"{option.Name} '{text}' is not valid: allowed are {string.Join(", ", byName.Keys)}.");
            }

            return value;
        };
        return option;
    }
}
