using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// Bech32 of BIP-173 (https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki), without the limit of 90
/// characters, as age uses it: a prefix in clear text, the digit 1, groups of 5 bits, and a checksum of 6 groups.
/// </summary>
internal static class Bech32
{
    private const string Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private const char Separator = '1';
    private const int ChecksumGroups = 6;
    private const int BitsPerGroup = 5;

    private static ReadOnlySpan<uint> Generator => [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

    /// <summary>The number of characters that encode this number of bytes.</summary>
    public static int Length(string prefix, int bytes) =>
        prefix.Length + 1 + (((bytes * 8) + BitsPerGroup - 1) / BitsPerGroup) + ChecksumGroups;

    /// <summary>Encodes the bytes in the case of the prefix, which is lower or upper.</summary>
    /// <param name="prefix">The human-readable part.</param>
    /// <param name="bytes">The bytes to encode.</param>
    /// <param name="text">The target, of <see cref="Length"/> characters.</param>
    public static void Encode(string prefix, ReadOnlySpan<byte> bytes, Span<char> text)
    {
        bool upper = !prefix.Any(char.IsAsciiLetterLower);
        prefix.CopyTo(text);
        text[prefix.Length] = Separator;
        Span<char> data = text[(prefix.Length + 1)..];
        uint checksum = PrefixChecksum(prefix);
        int bits = 0;
        int pending = 0;
        int written = 0;
        foreach (byte value in bytes)
        {
            bits = ((bits << 8) | value) & 0xFFF;
            for (pending += 8; pending >= BitsPerGroup; pending -= BitsPerGroup)
            {
                Put(data, bits >> (pending - BitsPerGroup));
            }
        }

        if (pending > 0)
        {
            Put(data, bits << (BitsPerGroup - pending));
        }

        for (int i = 0; i < ChecksumGroups; i++)
        {
            checksum = Next(checksum, 0);
        }

        checksum ^= 1;
        for (int i = ChecksumGroups - 1; i >= 0; i--)
        {
            data[written++] = Letter((int)(checksum >> (BitsPerGroup * i)), upper);
        }

        void Put(Span<char> target, int group)
        {
            checksum = Next(checksum, group & 31);
            target[written++] = Letter(group, upper);
        }
    }

    /// <summary>
    /// Decodes a text. It must have exactly this prefix, in this case, and must encode as many bytes as the target has.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<char> text, string prefix, Span<byte> bytes)
    {
        using SecretBytes groups = new(text.Length);
        return TryReadGroups(text, groups.Span, out int prefixLength, out int count)
            && text[..prefixLength].SequenceEqual(prefix)
            && TryPack(groups.Span[..count], bytes);
    }

    /// <summary>Checks case, characters and checksum, and reads the groups.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="groups">The target, as long as the text. The groups of the checksum do not count as read.</param>
    /// <param name="prefixLength">The number of characters of the human-readable part.</param>
    /// <param name="count">The number of groups without the checksum.</param>
    internal static bool TryReadGroups(ReadOnlySpan<char> text, Span<byte> groups, out int prefixLength, out int count)
    {
        prefixLength = text.LastIndexOf(Separator);
        count = text.Length - prefixLength - 1 - ChecksumGroups;
        if (prefixLength < 1
            || count < 0
            || text.ContainsAnyExceptInRange('\x21', '\x7E')
            || (text.ContainsAnyInRange('a', 'z') && text.ContainsAnyInRange('A', 'Z')))
        {
            return false;
        }

        uint checksum = PrefixChecksum(text[..prefixLength]);
        ReadOnlySpan<char> data = text[(prefixLength + 1)..];
        for (int i = 0; i < data.Length; i++)
        {
            int group = Alphabet.IndexOf(char.ToLowerInvariant(data[i]), StringComparison.Ordinal);
            if (group < 0)
            {
                return false;
            }

            checksum = Next(checksum, group);
            groups[i] = (byte)group;
        }

        return checksum == 1;
    }

    /// <summary>Converts groups of 5 bits to bytes. The remaining bits must be fewer than 5 and all zero.</summary>
    private static bool TryPack(ReadOnlySpan<byte> groups, Span<byte> bytes)
    {
        int bits = 0;
        int pending = 0;
        int written = 0;
        foreach (byte group in groups)
        {
            bits = ((bits << BitsPerGroup) | group) & 0xFFF;
            pending += BitsPerGroup;
            if (pending >= 8)
            {
                pending -= 8;
                if (written == bytes.Length)
                {
                    CryptographicOperations.ZeroMemory(bytes);
                    return false;
                }

                bytes[written++] = (byte)(bits >> pending);
            }
        }

        return written == bytes.Length && pending < BitsPerGroup && (bits & ((1 << pending) - 1)) == 0;
    }

    /// <summary>Computes the checksum of the prefix, always over its lower-case form.</summary>
    private static uint PrefixChecksum(ReadOnlySpan<char> prefix)
    {
        uint checksum = 1;
        foreach (char letter in prefix)
        {
            checksum = Next(checksum, char.ToLowerInvariant(letter) >> BitsPerGroup);
        }

        checksum = Next(checksum, 0);
        foreach (char letter in prefix)
        {
            checksum = Next(checksum, char.ToLowerInvariant(letter) & 31);
        }

        return checksum;
    }

    private static uint Next(uint checksum, int group)
    {
        uint top = checksum >> 25;
        checksum = ((checksum & 0x1FFFFFF) << BitsPerGroup) ^ (uint)group;
        for (int i = 0; i < Generator.Length; i++)
        {
            checksum ^= ((top >> i) & 1) == 0 ? 0 : Generator[i];
        }

        return checksum;
    }

    private static char Letter(int group, bool upper) =>
        upper ? char.ToUpperInvariant(Alphabet[group & 31]) : Alphabet[group & 31];
}
