using System.Globalization;
using System.Text;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// JSON strings byte for byte as Go's <c>encoding/json</c> writes them, which escapes what a browser might read as HTML.
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
