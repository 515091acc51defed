using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// Bech32 of BIP-173 (https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki), without its limit of 90 characters, as
/// age has it: a prefix in clear text, the digit 1, groups of 5 bits, and a checksum of 6 groups.
/// </summary>
internal static class Bech32
{
    private const string Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private const char Separator = '1';
    private const int ChecksumGroups = 6;
    private const int BitsPerGroup = 5;

    private static ReadOnlySpan<uint> Generator => [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

    /// <summary>Characters of the text of so many bytes.</summary>
    public static int Length(string prefix, int bytes) =>
        prefix.Length + 1 + (((bytes * 8) + BitsPerGroup - 1) / BitsPerGroup) + ChecksumGroups;

    /// <summary>Writes the text in the case of the prefix, which is lower or upper.</summary>
    /// <param name="prefix">The human-readable part.</param>
    /// <param name="bytes">What is to be encoded.</param>
    /// <param name="text">Has <see cref="Length"/> characters.</param>
    public static void Encode(string prefix, ReadOnlySpan<byte> bytes, Span<char> text)
    {
        bool upper = !prefix.Any(char.IsAsciiLetterLower);
        prefix.CopyTo(text);
        text[prefix.Length] = Separator;
        Span<char> data = text[(prefix.Length + 1)..];
        uint checksum = PrefixChecksum(prefix);
        int bits = 0;
        int held = 0;
        int written = 0;
        foreach (byte value in bytes)
        {
            bits = ((bits << 8) | value) & 0xFFF;
            for (held += 8; held >= BitsPerGroup; held -= BitsPerGroup)
            {
                Put(data, bits >> (held - BitsPerGroup));
            }
        }

        if (held > 0)
        {
            Put(data, bits << (BitsPerGroup - held));
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

    /// <summary>Reads a text that must have this prefix, in this case, and exactly as many bytes as are to be filled.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, string prefix, Span<byte> bytes)
    {
        using SecretBytes groups = new(text.Length);
        return TryReadGroups(text, groups.Span, out int prefixLength, out int count)
            && text[..prefixLength].SequenceEqual(prefix)
            && TryPack(groups.Span[..count], bytes);
    }

    /// <summary>Checks case, characters and checksum.</summary>
    /// <param name="text">All of it.</param>
    /// <param name="groups">As long as the text; gets the groups without those of the checksum.</param>
    /// <param name="prefixLength">Characters of the human-readable part.</param>
    /// <param name="count">How many groups there are.</param>
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

    /// <summary>Groups of 5 bits to bytes; what is left over must be fewer than 5 bits, all zero.</summary>
    private static bool TryPack(ReadOnlySpan<byte> groups, Span<byte> bytes)
    {
        int bits = 0;
        int held = 0;
        int written = 0;
        foreach (byte group in groups)
        {
            bits = ((bits << BitsPerGroup) | group) & 0xFFF;
            held += BitsPerGroup;
            if (held >= 8)
            {
                held -= 8;
                if (written == bytes.Length)
                {
                    CryptographicOperations.ZeroMemory(bytes);
                    return false;
                }

                bytes[written++] = (byte)(bits >> held);
            }
        }

        return written == bytes.Length && held < BitsPerGroup && (bits & ((1 << held) - 1)) == 0;
    }

    /// <summary>The checksum is always over the lower-case form.</summary>
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
