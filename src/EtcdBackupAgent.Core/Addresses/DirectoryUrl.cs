using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace EtcdBackupAgent.Core.Addresses;

/// <summary>
/// <c>file:///absolute/directory</c> (RFC 8089). The path is used as it is written, with <c>%NN</c> for a byte of
/// UTF-8. Parts that <see cref="Uri"/> would cut or resolve are refused: query, fragment, <c>.</c> and <c>..</c>,
/// double slashes, white space at the end.
/// </summary>
public static class DirectoryUrl
{
    private const string Scheme = "file://";

    /// <summary>Characters that have another meaning in a URL.</summary>
    private const string Encoded = "%?#\\";

    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Returns whether the text is intended as a directory URL, valid or not.</summary>
    public static bool IsMeant(string text) => text.StartsWith("file:", StringComparison.OrdinalIgnoreCase);

    /// <param name="text">The URL as it was written.</param>
    /// <param name="path">The directory, without a slash at the end.</param>
    /// <param name="why">What is wrong, as the end of a sentence that starts with the URL in quotes.</param>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out string? path, [NotNullWhen(false)] out string? why)
    {
        path = null;
        why = !text.StartsWith(Scheme + "/", StringComparison.Ordinal) || text.TrimEnd('/').Length <= Scheme.Length
            ? "is not a directory; write file:///absolute/path"
            : FaultOf(text[Scheme.Length..], out path);
        if (why is null && path is not null && !IsWhatUriReads(text, path))
        {
            why = "has a path that a URL cannot express; use a symbolic link to it";
        }

        path = why is null ? path!.TrimEnd('/') : null;
        return path is not null;
    }

    /// <summary>Returns the URL of a directory. <see cref="TryParse"/> returns the same path for it.</summary>
    public static string Of(string path)
    {
        StringBuilder url = new(Scheme);
        foreach (char c in path)
        {
            bool isPlain = !Encoded.Contains(c, StringComparison.Ordinal) && !char.IsControl(c);
            url.Append(isPlain ? c.ToString() : Uri.EscapeDataString($"{c}"));
        }

        return url.ToString();
    }

    private static string? FaultOf(string written, out string? path)
    {
        path = null;
        if (written.FirstOrDefault(c => c is '?' or '#' or '\\') is not '\0' and var mark)
        {
            return $"has a '{mark}' in its path; if it is part of the name, write {Uri.HexEscape(mark)}";
        }

        if (written.Any(char.IsControl) || char.IsWhiteSpace(written[^1]))
        {
            return "has a control character, or white space at its end";
        }

        string[] segments = written.TrimEnd('/').Split('/')[1..];
        if (written.EndsWith("//", StringComparison.Ordinal) || segments.Any(s => s is "" or "." or ".."))
        {
            return "has '//', '.' or '..' in its path; write the path without them";
        }

        return Decode(written, out path)
            ? null
            : "has a '%' that is not followed by the two hexadecimal digits of a character; for '%' itself write %25";
    }

    /// <summary>Decodes the path. An encoded slash, NUL or dot is refused, because no name may contain it.</summary>
    private static bool Decode(string written, [NotNullWhen(true)] out string? path)
    {
        path = null;
        List<byte> bytes = [];
        ReadOnlySpan<byte> utf8 = Encoding.UTF8.GetBytes(written);
        for (int at = 0; at < utf8.Length; at++)
        {
            if (utf8[at] != (byte)'%')
            {
                bytes.Add(utf8[at]);
                continue;
            }

            if (at + 2 >= utf8.Length
                || !byte.TryParse(
                    utf8.Slice(at + 1, 2),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out byte decoded)
                || decoded is 0 or (byte)'/' or (byte)'.')
            {
                return false;
            }

            bytes.Add(decoded);
            at += 2;
        }

        try
        {
            path = StrictUtf8.GetString([.. bytes]);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>
    /// Returns whether <see cref="Uri"/> reads the same path. The rest of the program passes the location as a
    /// <see cref="Uri"/>.
    /// </summary>
    private static bool IsWhatUriReads(string text, string path) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
        && url is { IsFile: true, Host: "", Query: "", Fragment: "" }
        && url.LocalPath == path;
}
