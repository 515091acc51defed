using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace EtcdBackupAgent.Objects.Json;

/// <summary>Texts as Go prints them: each byte that is not UTF-8 becomes one replacement character.</summary>
internal static class GoText
{
    public static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> utf8)
    {
        if (Utf8.IsValid(utf8))
        {
            writer.WriteStringValue(utf8);
        }
        else
        {
            writer.WriteStringValue(Decode(utf8));
        }
    }

    public static void WriteName(Utf8JsonWriter writer, ReadOnlySpan<byte> utf8)
    {
        if (Utf8.IsValid(utf8))
        {
            writer.WritePropertyName(utf8);
        }
        else
        {
            writer.WritePropertyName(Decode(utf8));
        }
    }

    /// <summary>Compares two names as they are printed, by their bytes.</summary>
    public static int Compare(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y) => Utf8.IsValid(x) && Utf8.IsValid(y)
        ? x.SequenceCompareTo(y)
        : Utf8Order.Instance.Compare(Decode(x), Decode(y));

    private static string Decode(ReadOnlySpan<byte> utf8)
    {
        StringBuilder text = new(utf8.Length);
        Span<char> characters = stackalloc char[2];
        while (!utf8.IsEmpty)
        {
            bool isValid = Rune.DecodeFromUtf8(utf8, out Rune rune, out int bytes) == OperationStatus.Done;
            text.Append(characters[..rune.EncodeToUtf16(characters)]);
            utf8 = utf8[(isValid ? bytes : 1)..];
        }

        return text.ToString();
    }
}
