namespace EtcdBackupAgent.Snapshots.Encoded;

/// <summary>
/// An unsigned LEB128 number of at most 64 bits: seven bits for each byte, the lowest first, the highest bit set in all
/// but the last byte, and no byte more than needed.
/// </summary>
internal static class Varint
{
    public const int BytesMax = 10;

    private const int BitsPerByte = 7;
    private const byte More = 0x80;

    /// <summary>The largest value of the tenth byte: the highest of the 64 bits.</summary>
    private const byte LastByteMax = 1;

    /// <summary>Writes a number and returns its length in bytes.</summary>
    /// <param name="bytes">The target, at least <see cref="BytesMax"/> bytes.</param>
    /// <param name="value">The number.</param>
    public static int Write(Span<byte> bytes, ulong value)
    {
        int length = 0;
        for (; value >= More; value >>= BitsPerByte)
        {
            bytes[length++] = (byte)(value | More);
        }

        bytes[length++] = (byte)value;
        return length;
    }

    /// <summary>Reads a number at the beginning of some bytes.</summary>
    /// <param name="bytes">The bytes; those after the number are ignored.</param>
    /// <param name="value">The number; undefined if there is a problem.</param>
    /// <param name="problem">The reason why there is no number; null if there is one.</param>
    /// <returns>The length of the number in bytes.</returns>
    public static int Read(ReadOnlySpan<byte> bytes, out ulong value, out string? problem)
    {
        value = 0;
        problem = null;
        for (int i = 0; i < Math.Min(bytes.Length, BytesMax); i++)
        {
            value |= (ulong)(bytes[i] & ~More) << (BitsPerByte * i);
            if (bytes[i] >= More)
            {
                continue;
            }

            problem = i == BytesMax - 1 && bytes[i] > LastByteMax ? "a number has more than 64 bits"
                : i > 0 && bytes[i] == 0 ? "a number has more bytes than it needs"
                : null;
            return i + 1;
        }

        problem = bytes.Length < BytesMax ? "it ends inside a number" : "a number has more than 64 bits";
        return 0;
    }
}
