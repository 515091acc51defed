using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// Names of files as text. On Linux a name is any bytes but NUL and '/'. What is valid UTF-8 is the text that it says;
/// every other byte 0xNN becomes the lone surrogate U+DCNN, which no UTF-8 text has. So different bytes are different
/// texts, and each text gives its bytes back. (Python's <c>surrogateescape</c>, PEP 383:
/// https://peps.python.org/pep-0383/.)
/// </summary>
/// <remarks>The platform's own file calls turn such bytes into U+FFFD; names from here go through
/// <see cref="LinuxCalls"/>.</remarks>
public static class FileName
{
    private const int EscapeBase = 0xDC00;

    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        StringBuilder text = new();
        while (!bytes.IsEmpty)
        {
            bool isValid = Rune.DecodeFromUtf8(bytes, out Rune rune, out int consumed) == OperationStatus.Done;
            if (isValid)
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (byte b in bytes[..consumed])
                {
                    text.Append((char)(EscapeBase + b));
                }
            }

            bytes = bytes[consumed..];
        }

        return text.ToString();
    }

    /// <summary>The bytes that <see cref="Decode"/> made the text of.</summary>
    /// <exception cref="ArgumentException">The text has a lone surrogate that stands for no byte.</exception>
    public static byte[] Encode(string text)
    {
        ArrayBufferWriter<byte> bytes = new(text.Length + 1);
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            int valid = rest.IndexOfAnyInRange('\uD800', '\uDFFF') is >= 0 and var surrogate ? surrogate : rest.Length;
            Encoding.UTF8.GetBytes(rest[..valid], bytes);
            rest = rest[valid..];
            if (rest.IsEmpty)
            {
                break;
            }

            if (Rune.DecodeFromUtf16(rest, out Rune rune, out int consumed) == OperationStatus.Done)
            {
                bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
            }
            else
            {
                bytes.GetSpan(1)[0] = EscapedByte(rest[0]);
                bytes.Advance(1);
            }

            rest = rest[consumed..];
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>A name or path for a message: on one line; control characters and bytes that are not UTF-8 are escaped,
    /// as
    /// <c>\n</c>, <c>\x1b</c> and <c>\xff</c>.</summary>
    public static string Shown(string text)
    {
        StringBuilder shown = new(text.Length);
        for (int at = 0; at < text.Length; at++)
        {
            char c = text[at];
            if (char.IsSurrogatePair(text, at))
            {
                shown.Append(c).Append(text[++at]);
            }
            else if (char.IsControl(c) || char.IsSurrogate(c))
            {
                shown.Append(c == '\n' ? "\\n" : string.Create(CultureInfo.InvariantCulture, $"\\x{c & 0xFF:x2}"));
            }
            else
            {
                shown.Append(c);
            }
        }

        return shown.ToString();
    }

    private static byte EscapedByte(char c) => c is >= (char)(EscapeBase + 0x80) and <= (char)(EscapeBase + 0xFF)
        ? (byte)(c - EscapeBase)
        : throw new ArgumentException($"The text has U+{(int)c:X4} alone, which stands for no byte of a name.");
}
