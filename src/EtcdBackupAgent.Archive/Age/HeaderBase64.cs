using System.Buffers.Text;
using System.Text;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// Base64 as the header uses it: the standard alphabet (RFC 4648, section 4) without padding, canonical only.
/// </summary>
internal static class HeaderBase64
{
    public static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    /// <summary>Decodes the text. Returns null if <see cref="Encode"/> never returns such a text.</summary>
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

        // The platform's decoder accepts white space and unused bits (RFC 4648, section 3.5); the format allows only
        // the canonical text.
        return Encoding.ASCII.GetBytes(Encode(decoded)).AsSpan().SequenceEqual(text) ? decoded : null;
    }
}
