using System.Buffers.Text;
using System.Text;
using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// Reads and writes the headers of one member. Writes pax: a ustar block, and before it an extended header with the
/// values that the block cannot represent. Reads ustar, pax, the format of GNU and the format before ustar.
/// </summary>
internal static class TarHeader
{
    private const string PathKeyword = "path";
    private const string LinkKeyword = "linkpath";
    private const string SizeKeyword = "size";
    private const string UserKeyword = "uid";
    private const string GroupKeyword = "gid";
    private const string UserNameKeyword = "uname";
    private const string GroupNameKeyword = "gname";
    private const string ModifiedKeyword = "mtime";
    private const string SparseKeywords = "GNU.sparse.";

    /// <summary>The file name under which a reader without pax support extracts extended headers.</summary>
    private const string ExtendedHeaderName = "PaxHeader";

    private const int ExtendedHeaderMode = 0x1A4; // 0644

    private static ReadOnlySpan<byte> UstarMagic => "ustar\0"u8;

    /// <summary>
    /// Returns all header blocks of a member: one block, or an extended header (one block and the records) and one
    /// block.
    /// </summary>
    public static byte[] Write(TarMember member)
    {
        PaxRecords records = new();
        byte[] block = new byte[UstarField.BlockBytes];
        WriteText(block, UstarField.Name, FileName.Encode(member.Name), PathKeyword, records);
        WriteText(block, UstarField.LinkTarget, FileName.Encode(member.LinkTarget), LinkKeyword, records);
        WriteNumber(block, UstarField.Size, member.SizeBytes, SizeKeyword, records);
        WriteNumber(block, UstarField.User, member.User, UserKeyword, records);
        WriteNumber(block, UstarField.Group, member.Group, GroupKeyword, records);
        WriteText(block, UstarField.UserName, FileName.Encode(member.UserName), UserNameKeyword, records);
        WriteText(block, UstarField.GroupName, FileName.Encode(member.GroupName), GroupNameKeyword, records);
        WriteModified(block, member.Modified, records);
        UstarField.Mode.Write(block, member.Mode);
        Finish(block, member.Type);
        return records.IsEmpty ? block : [.. Extended(records.Write()), .. block];
    }

    /// <summary>Combines a header block and the extended headers before it.</summary>
    /// <param name="block">A header block with a valid checksum.</param>
    /// <param name="records">The records that apply to this member.</param>
    /// <param name="longName">The long name of GNU tar before the block, or null.</param>
    /// <param name="longLink">The long link target of GNU tar before the block, or null.</param>
    /// <exception cref="FormatException">A number is not valid, or a size is negative.</exception>
    public static TarMember Read(ReadOnlySpan<byte> block, PaxRecords records, string? longName, string? longLink)
    {
        TarType type = TypeOf(block);
        long size = Number(records, SizeKeyword, UstarField.Size, block);
        return new TarMember
        {
            Type = type,
            Name = Text(records, PathKeyword) ?? longName ?? NameOf(block),
            LinkTarget = Text(records, LinkKeyword) ?? longLink ?? FileName.Decode(UstarField.LinkTarget.Text(block)),
            Mode = (int)(UstarField.Mode.Number(block) & 0xFFF),
            User = Number(records, UserKeyword, UstarField.User, block),
            Group = Number(records, GroupKeyword, UstarField.Group, block),
            UserName = Text(records, UserNameKeyword) ?? FileName.Decode(UstarField.UserName.Text(block)),
            GroupName = Text(records, GroupNameKeyword) ?? FileName.Decode(UstarField.GroupName.Text(block)),
            Modified = ModifiedOf(records, block),
            SizeBytes = HasContent(type) ? size : 0,
            IsSparse = records.Keywords.Any(k => k.StartsWith(SparseKeywords, StringComparison.Ordinal)),
        };
    }

    public static TarType TypeOf(ReadOnlySpan<byte> block) => (TarType)block[UstarField.Type.Offset];

    /// <summary>Checks the checksum. Old tar programs added the bytes as signed numbers; both sums are valid.</summary>
    public static bool HasValidChecksum(ReadOnlySpan<byte> block)
    {
        long sum;
        try
        {
            sum = UstarField.Checksum.Number(block);
        }
        catch (FormatException)
        {
            return false;
        }

        int unsigned = UstarField.SumOf(block);
        int negatives = 0;
        foreach (byte b in block)
        {
            negatives += b > sbyte.MaxValue ? 1 : 0;
        }

        // The checksum's own field consists of octal digits and has no such byte.
        return sum == unsigned || sum == unsigned - (256L * negatives);
    }

    /// <summary>Whether content follows the header. The size of links and directories is ignored.</summary>
    private static bool HasContent(TarType type) =>
        type is not (TarType.HardLink or TarType.SymbolicLink or TarType.Directory
            or TarType.CharacterDevice or TarType.BlockDevice or TarType.Fifo);

    private static byte[] Extended(byte[] records)
    {
        byte[] blocks = new byte[UstarField.BlockBytes + Padded(records.Length)];
        Span<byte> block = blocks.AsSpan(0, UstarField.BlockBytes);
        Encoding.ASCII.GetBytes(ExtendedHeaderName, UstarField.Name.In(block));
        UstarField.Mode.Write(block, ExtendedHeaderMode);
        UstarField.User.Write(block, 0);
        UstarField.Group.Write(block, 0);
        UstarField.Size.Write(block, records.Length);
        UstarField.Modified.Write(block, 0);
        Finish(block, TarType.Pax);
        records.CopyTo(blocks, UstarField.BlockBytes);
        return blocks;
    }

    /// <summary>Returns the size including the padding of the last block.</summary>
    public static long Padded(long bytes) =>
        (bytes + UstarField.BlockBytes - 1) / UstarField.BlockBytes * UstarField.BlockBytes;

    private static void Finish(Span<byte> block, TarType type)
    {
        block[UstarField.Type.Offset] = (byte)type;
        UstarMagic.CopyTo(UstarField.Magic.In(block));
        "00"u8.CopyTo(UstarField.Magic.In(block)[UstarMagic.Length..]);
        UstarField.DeviceMajor.Write(block, 0);
        UstarField.DeviceMinor.Write(block, 0);
        Encoding.ASCII.GetBytes(
            Convert.ToString(UstarField.SumOf(block), 8).PadLeft(6, '0') + "\0 ", UstarField.Checksum.In(block));
    }

    /// <summary>
    /// Writes a text to a field. A text that does not fit or is not printable ASCII goes to a record; the field then
    /// gets the part that it can represent.
    /// </summary>
    private static void WriteText(Span<byte> block, UstarField field, byte[] text, string keyword, PaxRecords records)
    {
        // The names of owners must end with a NUL; the names of files need not.
        int room = field.Length - (keyword is UserNameKeyword or GroupNameKeyword ? 1 : 0);
        if (text.Length > room || text.AsSpan().ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            records.Add(keyword, text);
        }

        Span<byte> target = field.In(block);
        for (int at = 0; at < Math.Min(text.Length, room); at++)
        {
            target[at] = text[at] is >= (byte)' ' and <= (byte)'~' ? text[at] : (byte)'_';
        }
    }

    private static void WriteNumber(Span<byte> block, UstarField field, long number, string keyword, PaxRecords records)
    {
        bool fits = number <= field.NumberMax;
        if (!fits)
        {
            records.Add(keyword, Encoding.ASCII.GetBytes($"{number}"));
        }

        field.Write(block, fits ? number : 0);
    }

    private static void WriteModified(Span<byte> block, FileTime modified, PaxRecords records)
    {
        bool fits = modified.Seconds >= 0 && modified.Seconds <= UstarField.Modified.NumberMax;
        if (!fits || modified.Nanoseconds != 0)
        {
            records.Add(ModifiedKeyword, Encoding.ASCII.GetBytes(modified.ToDecimal()));
        }

        UstarField.Modified.Write(block, fits ? modified.Seconds : 0);
    }

    /// <summary>Returns the name. Only ustar has a field for the first part of a long name.</summary>
    private static string NameOf(ReadOnlySpan<byte> block)
    {
        string name = FileName.Decode(UstarField.Name.Text(block));
        bool isUstar = UstarField.Magic.In(block).StartsWith(UstarMagic);
        ReadOnlySpan<byte> prefix = isUstar ? UstarField.Prefix.Text(block) : [];
        return prefix.IsEmpty ? name : $"{FileName.Decode(prefix)}/{name}";
    }

    private static string? Text(PaxRecords records, string keyword) =>
        records[keyword] is { } value ? FileName.Decode(value) : null;

    private static long Number(PaxRecords records, string keyword, UstarField field, ReadOnlySpan<byte> block)
    {
        long number = records[keyword] is not { } text ? field.Number(block)
            : Utf8Parser.TryParse(text, out long value, out int digits) && digits == text.Length ? value
            : throw new FormatException($"the '{keyword}' of an extended header is not a number");
        return number >= 0 || field != UstarField.Size
            ? number
            : throw new FormatException("a size is negative");
    }

    private static FileTime ModifiedOf(PaxRecords records, ReadOnlySpan<byte> block) =>
        records[ModifiedKeyword] is not { } text ? new FileTime(UstarField.Modified.Number(block), 0)
            : FileTime.TryParse(text, out FileTime time) ? time
            : throw new FormatException($"the '{ModifiedKeyword}' of an extended header is not a time");
}
