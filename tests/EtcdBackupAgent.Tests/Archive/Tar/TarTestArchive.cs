using System.Formats.Tar;

namespace EtcdBackupAgent.Tests.Archive.Tar;

/// <summary>Creates archives for the tests, including invalid and hostile ones.</summary>
internal static class TarTestArchive
{
    public static readonly DateTimeOffset Time = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero);

    /// <summary>Creates a tar of these entries, without any check.</summary>
    public static byte[] Of(params TarEntry[] entries)
    {
        MemoryStream tar = new();
        using (TarWriter writer = new(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (TarEntry entry in entries)
            {
                writer.WriteEntry(entry);
            }
        }

        return tar.ToArray();
    }

    public static TarEntry File(string name, string content = "content", int mode = 0x1A4) =>
        Entry(TarEntryType.RegularFile, name, mode, content: content);

    public static TarEntry Directory(string name, int mode = 0x1ED) => Entry(TarEntryType.Directory, name, mode);

    public static TarEntry SymbolicLink(string name, string target) =>
        Entry(TarEntryType.SymbolicLink, name, 0x1FF, target);

    public static TarEntry HardLink(string name, string target) => Entry(TarEntryType.HardLink, name, 0x1A4, target);

    public static async Task<List<string>> NamesAsync(byte[] tar)
    {
        await using TarReader reader = new(new MemoryStream(tar));
        List<string> names = [];
        while (await reader.GetNextEntryAsync() is { } entry)
        {
            names.Add(entry.Name);
        }

        return names;
    }

    /// <summary>Corrects the checksum of the ustar header at an offset.</summary>
    public static void Seal(byte[] tar, int offset)
    {
        Span<byte> header = tar.AsSpan(offset, 512);
        header.Slice(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte b in header)
        {
            sum += b;
        }

        System.Text.Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ", header.Slice(148, 8));
    }

    private static PaxTarEntry Entry(
        TarEntryType type, string name, int mode, string? link = null, string? content = null)
    {
        PaxTarEntry entry = new(type, name) { Mode = (UnixFileMode)mode, ModificationTime = Time };
        if (link is not null)
        {
            entry.LinkName = link;
        }

        if (content is not null)
        {
            entry.DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content));
        }

        return entry;
    }
}
