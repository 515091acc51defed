using System.Numerics;
using System.Text;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// A field of a header block of 512 bytes: its place, and how texts and numbers are stored in it. (POSIX.1-2017, pax,
/// "ustar Interchange Format": https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06;
/// numbers of GNU tar in base 256: https://www.gnu.org/software/tar/manual/html_node/Extensions.html)
/// </summary>
/// <param name="Offset">The offset of the first byte.</param>
/// <param name="Length">The length in bytes.</param>
internal readonly record struct UstarField(int Offset, int Length)
{
    public const int BlockBytes = 512;

    public static readonly UstarField Name = new(0, 100);
    public static readonly UstarField Mode = new(100, 8);
    public static readonly UstarField User = new(108, 8);
    public static readonly UstarField Group = new(116, 8);
    public static readonly UstarField Size = new(124, 12);
    public static readonly UstarField Modified = new(136, 12);
    public static readonly UstarField Checksum = new(148, 8);
    public static readonly UstarField Type = new(156, 1);
    public static readonly UstarField LinkTarget = new(157, 100);
    public static readonly UstarField Magic = new(257, 8);
    public static readonly UstarField UserName = new(265, 32);
    public static readonly UstarField GroupName = new(297, 32);
    public static readonly UstarField DeviceMajor = new(329, 8);
    public static readonly UstarField DeviceMinor = new(337, 8);
    public static readonly UstarField Prefix = new(345, 155);

    private const byte Base256 = 0x80;
    private const byte Base256Negative = 0xFF;

    /// <summary>The largest number that fits the field as octal digits and a NUL.</summary>
    public long NumberMax => (1L << (3 * (Length - 1))) - 1;

    public Span<byte> In(Span<byte> block) => block.Slice(Offset, Length);

    public ReadOnlySpan<byte> In(ReadOnlySpan<byte> block) => block.Slice(Offset, Length);

    /// <summary>Returns the bytes up to the first NUL.</summary>
    public ReadOnlySpan<byte> Text(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<byte> field = In(block);
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    /// <summary>Reads a number of octal digits or in base 256. An empty field is 0.</summary>
    /// <exception cref="FormatException">The number is in neither form, or is too large for 64 bits.</exception>
    public long Number(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<byte> field = In(block);
        if (field[0] is Base256 or Base256Negative)
        {
            bool isPositive = field[0] == Base256;
            BigInteger wide = new(isPositive ? field[1..] : field, isUnsigned: isPositive, isBigEndian: true);
            return wide >= long.MinValue && wide <= long.MaxValue
                ? (long)wide
                : throw new FormatException($"the number at byte {Offset} of a header is too large");
        }

        ReadOnlySpan<byte> digits = field.Trim(" \0"u8);
        long number = 0;
        foreach (byte digit in digits)
        {
            number = digit is >= (byte)'0' and <= (byte)'7'
                ? (number << 3) + (digit - '0')
                : throw new FormatException($"the number at byte {Offset} of a header is not octal");
        }

        return number;
    }

    /// <summary>Writes octal digits and a NUL.</summary>
    public void Write(Span<byte> block, long number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, NumberMax);
        Encoding.ASCII.GetBytes(Convert.ToString(number, 8).PadLeft(Length - 1, '0'), In(block));
    }

    /// <summary>Returns the sum of the bytes of a header; the checksum field counts as spaces.</summary>
    public static int SumOf(ReadOnlySpan<byte> block)
    {
        int sum = Checksum.Length * ' ';
        for (int at = 0; at < BlockBytes; at++)
        {
            sum += at >= Checksum.Offset && at < Checksum.Offset + Checksum.Length ? 0 : block[at];
        }

        return sum;
    }
}
