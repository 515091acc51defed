using System.Security.Cryptography;
using System.Text;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// A header that was read: its stanzas, its MAC, and the bytes that the MAC authenticates (spec, "Header").
/// </summary>
/// <param name="Stanzas">At least one.</param>
/// <param name="Authenticated">The bytes up to and including <c>---</c>.</param>
/// <param name="Mac">The MAC as stored in the file.</param>
internal sealed record AgeHeader(IReadOnlyList<AgeStanza> Stanzas, ReadOnlyMemory<byte> Authenticated, byte[] Mac)
{
    public const string VersionPrefix = "age-encryption.org/";
    public const string VersionLine = VersionPrefix + "v1";
    public const string StanzaPrefix = "-> ";
    public const string MacMark = "---";
    public const int Columns = 64;

    /// <summary>
    /// Checks whether a holder of the file key wrote this header. The comparison takes constant time.
    /// </summary>
    public bool IsAuthentic(FileKey fileKey)
    {
        Span<byte> mac = stackalloc byte[FileKey.MacBytes];
        fileKey.HeaderMac(Authenticated.Span, mac);
        return CryptographicOperations.FixedTimeEquals(mac, Mac);
    }

    /// <summary>Returns the bytes of a complete header.</summary>
    public static byte[] Write(IEnumerable<AgeStanza> stanzas, FileKey fileKey)
    {
        StringBuilder text = new(VersionLine + "\n");
        foreach (AgeStanza stanza in stanzas)
        {
            text.Append(StanzaPrefix).AppendJoin(' ', stanza.Arguments).Append('\n');
            string body = HeaderBase64.Encode(stanza.Body);

            // The last line must have fewer columns than the others; it may be empty.
            for (int start = 0; start <= body.Length; start += Columns)
            {
                text.Append(body.AsSpan(start, Math.Min(Columns, body.Length - start))).Append('\n');
            }
        }

        text.Append(MacMark);
        Span<byte> mac = stackalloc byte[FileKey.MacBytes];
        fileKey.HeaderMac(Encoding.ASCII.GetBytes(text.ToString()), mac);
        return Encoding.ASCII.GetBytes(text.Append(' ').Append(HeaderBase64.Encode(mac)).Append('\n').ToString());
    }
}
