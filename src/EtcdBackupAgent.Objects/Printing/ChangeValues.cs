using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Comparing;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Masking;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>Values of fields on one line of a terminal.</summary>
public static class ChangeValues
{
    /// <summary>A longer value is cut; a document has the whole one.</summary>
    private const int CharactersMax = 400;

    /// <summary>
    /// Returns a value as JSON on one line, cut if it is long. A masked value is the mask. Control characters, which
    /// could change what a terminal shows, are escaped.
    /// </summary>
    public static string Text(JsonNode? value)
    {
        if (JsonFields.TextOf(value) == SecretMask.Mask)
        {
            return SecretMask.Mask;
        }

        string text = JsonValues.Text(value);
        int length = text.Length;
        if (length > CharactersMax)
        {
            int end = char.IsHighSurrogate(text[CharactersMax - 1]) ? CharactersMax - 1 : CharactersMax;
            text = string.Create(CultureInfo.InvariantCulture, $"{text[..end]}… ({length} characters)");
        }

        return Printable(text);
    }

    /// <summary>
    /// Returns the lines in which two texts differ; none if they are not texts with lines, or the lines do not differ.
    /// </summary>
    public static IEnumerable<TextLine> Lines(FieldChange change) =>
        JsonFields.TextOf(change.Old) is { } old
        && JsonFields.TextOf(change.New) is { } @new
        && LineDifferences.Apply(old, @new)
            ? LineDifferences.Between(old, @new).Select(line => line with { Text = Printable(line.Text) })
            : [];

    private static string Printable(string text)
    {
        if (!text.Any(IsUnprintable))
        {
            return text;
        }

        StringBuilder printable = new(text.Length);
        foreach (char c in text)
        {
            printable.Append(IsUnprintable(c)
                ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}")
                : c.ToString());
        }

        return printable.ToString();
    }

    private static bool IsUnprintable(char c) => char.IsControl(c) && c != '\t';
}
