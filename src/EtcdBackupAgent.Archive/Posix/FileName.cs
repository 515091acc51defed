using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// Converts file names to text and back. On Linux a name may contain all bytes except NUL and '/'. Valid UTF-8 is
/// decoded; every other byte 0xNN becomes the lone surrogate U+DCNN, which cannot occur in UTF-8. So different bytes
/// give different texts, and each text converts back to its bytes. (Python's <c>surrogateescape</c>, PEP 383:
/// https://peps.python.org/pep-0383/.)
/// </summary>
/// <remarks>
/// The platform's own file methods replace such bytes with U+FFFD, so names of this class are passed to
/// <see cref="LinuxCalls"/>.
/// </remarks>
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

    /// <summary>Returns the bytes that <see cref="Decode"/> converts to this text.</summary>
    /// <exception cref="ArgumentException">
    /// The text contains a lone surrogate that does not represent a byte.
    /// </exception>
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

    /// <summary>
    /// Formats a name or path for a message, on one line. Control characters and bytes that are not UTF-8 are escaped,
    /// for example <c>\n</c>, <c>\x1b</c> and <c>\xff</c>.
    /// </summary>
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
        : throw new ArgumentException(
            $"The text contains the lone surrogate U+{(int)c:X4}, which does not represent a byte of a name.");
}
