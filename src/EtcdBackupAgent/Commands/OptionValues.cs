using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Text.Json;

namespace EtcdBackupAgent.Commands;

/// <summary>What values an option can have, and what is said of others.</summary>
internal static class OptionValues
{
    /// <summary>Lets a number option take 1 and more only.</summary>
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
                result.AddError($"{option.Name} {number} is not possible: it must be at least 1.");
            }

            return number;
        };
        return option;
    }

    /// <summary>
    /// Lets an option take one of these values only, by their names in lower case, words joined by hyphens.
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
                result.AddError($"{option.Name} '{text}' is not possible: allowed are {string.Join(", ", byName.Keys)}.");
            }

            return value;
        };
        return option;
    }
}
