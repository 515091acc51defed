using System.Buffers.Binary;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>
/// The end of a zip archive, which says how many entries the archive has (APPNOTE.TXT, 4.3.16). It is looked at before
/// the archive is opened, because an archive is opened by reading all entries into memory.
/// </summary>
internal static class ZipDirectory
{
    private const int EndBytes = 22;
    private const int CommentBytesMax = ushort.MaxValue;
    private const int CountOffset = 10;

    private static ReadOnlySpan<byte> Signature => "PK\x05\x06"u8;

    /// <summary>Returns the number of entries, at most 65,535, which also stands for more.</summary>
    /// <exception cref="InvalidDataException">The archive has no end.</exception>
    public static int CountEntries(Stream archive)
    {
        byte[] end = new byte[(int)Math.Min(archive.Length, EndBytes + CommentBytesMax)];
        archive.Position = archive.Length - end.Length;
        archive.ReadExactly(end);
        int start = end.AsSpan().LastIndexOf(Signature);
        return start >= 0 && start + EndBytes <= end.Length
            ? BinaryPrimitives.ReadUInt16LittleEndian(end.AsSpan(start + CountOffset))
            : throw new InvalidDataException("The end of the zip archive is missing");
    }
}
