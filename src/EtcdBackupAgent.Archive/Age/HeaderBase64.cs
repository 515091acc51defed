using System.Buffers.Text;
using System.Text;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>Base64 as the header has it: the standard alphabet (RFC 4648, section 4) without padding, canonical only.</summary>
internal static class HeaderBase64
{
    public static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    /// <summary>Null: it is not the text that <see cref="Encode"/> gives for any bytes.</summary>
    public static byte[]? Decode(ReadOnlySpan<byte> text)
    {
        if (text.Length % 4 == 1 || text.Contains((byte)'='))
        {
            return null;
        }

        byte[] padded = new byte[(text.Length + 3) / 4 * 4];
        padded.AsSpan().Fill((byte)'=');
        text.CopyTo(padded);
        byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(padded.Length)];
        _ = Base64.DecodeFromUtf8(padded, bytes, out _, out int count);
        byte[] decoded = bytes[..count];

        // The platform's decoder lets white space and unused bits pass (RFC 4648, section 3.5): there is only one right text.
        return Encoding.ASCII.GetBytes(Encode(decoded)).AsSpan().SequenceEqual(text) ? decoded : null;
    }
}
