using System.Globalization;
using System.Text;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// Writes JSON strings with exactly the bytes of Go's <c>encoding/json</c>, which also escapes the special characters
/// of HTML.
/// </summary>
internal static class GoJson
{
    public static string Quote(string text)
    {
        StringBuilder json = new("\"", text.Length + 2);
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' or '\\' => json.Append('\\').Append(c),
                '<' or '>' or '&' or '\u2028' or '\u2029' or < ' ' =>
                    json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => json.Append(c),
            };
        }

        return json.Append('"').ToString();
    }
}
