using System.Buffers.Binary;
using System.Text;
using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Tests.Snapshots.Revisions;

/// <summary>Writes a small bbolt file. Each bucket is a branch with leaves of a few elements.</summary>
internal static class BoltFile
{
    private const int PageBytes = 4096;
    private const int LeafElements = 7;

    /// <summary>Writes the buckets with their elements, which may be given in any order.</summary>
    public static void Write(
        string path, params IEnumerable<(string Name, IEnumerable<(byte[] Key, byte[] Value)> Elements)> buckets) =>
        File.WriteAllBytes(path, Bytes(buckets));

    /// <summary>Returns the file of the buckets with their elements, which may be given in any order.</summary>
    public static byte[] Bytes(
        params IEnumerable<(string Name, IEnumerable<(byte[] Key, byte[] Value)> Elements)> buckets)
    {
        List<byte[]> pages = [[], []];
        List<(byte[] Key, byte[] Value)> named = [];
        foreach ((string name, IEnumerable<(byte[] Key, byte[] Value)> elements) in buckets)
        {
            byte[] header = new byte[BoltFormat.BucketHeaderBytes];
            BinaryPrimitives.WriteUInt64LittleEndian(header, Tree(pages, [.. elements.Order(Comparer)]));
            named.Add((Encoding.ASCII.GetBytes(name), header));
        }

        named.Sort(Comparer);
        ulong root = Leaf(pages, named, BoltFormat.BucketElement);
        using MemoryStream file = new();
        for (ulong i = 0; i < 2; i++)
        {
            byte[] meta = new byte[PageBytes];
            BinaryPrimitives.WriteUInt64LittleEndian(meta, i);
            BinaryPrimitives.WriteUInt16LittleEndian(meta.AsSpan(8), (ushort)BoltPageKinds.Meta);
            new BoltMeta
            {
                PageSizeBytes = PageBytes,
                Root = root,
                RootSequence = 0,
                Freelist = BoltFormat.NoFreelist,
                HighWaterMark = (ulong)pages.Count,
                TransactionId = 10 + i,
            }.Write(meta.AsSpan(BoltFormat.PageHeaderBytes));
            file.Write(meta);
        }

        foreach (byte[] page in pages.Skip(2))
        {
            file.Write(page);
        }

        return file.ToArray();
    }

    private static Comparer<(byte[] Key, byte[] Value)> Comparer { get; } =
        Comparer<(byte[] Key, byte[] Value)>.Create((a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));

    private static ulong Tree(List<byte[]> pages, IReadOnlyList<(byte[] Key, byte[] Value)> elements)
    {
        List<(byte[] Key, ulong Page)> children =
        [
            .. elements.Chunk(LeafElements).Select(chunk => (chunk[0].Key, Leaf(pages, chunk, 0))),
        ];
        return children.Count switch
        {
            0 => Leaf(pages, [], 0),
            1 => children[0].Page,
            _ => Branch(pages, children),
        };
    }

    private static ulong Leaf(
        List<byte[]> pages, IReadOnlyList<(byte[] Key, byte[] Value)> elements, uint flags) => Add(
        pages,
        BoltPageKinds.Leaf,
        [.. elements.Select(e => (byte[])[.. e.Key, .. e.Value])],
        (element, index, position) =>
        {
            BinaryPrimitives.WriteUInt32LittleEndian(element, flags);
            BinaryPrimitives.WriteInt32LittleEndian(element[4..], position);
            BinaryPrimitives.WriteInt32LittleEndian(element[8..], elements[index].Key.Length);
            BinaryPrimitives.WriteInt32LittleEndian(element[12..], elements[index].Value.Length);
        });

    private static ulong Branch(List<byte[]> pages, IReadOnlyList<(byte[] Key, ulong Page)> children) => Add(
        pages, BoltPageKinds.Branch, [.. children.Select(child => child.Key)], (element, index, position) =>
        {
            BinaryPrimitives.WriteInt32LittleEndian(element, position);
            BinaryPrimitives.WriteInt32LittleEndian(element[4..], children[index].Key.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(element[8..], children[index].Page);
        });

    private static ulong Add(List<byte[]> pages, BoltPageKinds kind, IReadOnlyList<byte[]> data, ElementWriter write)
    {
        int headBytes = BoltFormat.PageHeaderBytes + (data.Count * BoltFormat.ElementHeaderBytes);
        byte[] page = new byte[(headBytes + data.Sum(d => d.Length) + PageBytes - 1) / PageBytes * PageBytes];
        ulong id = (ulong)pages.Count;
        BinaryPrimitives.WriteUInt64LittleEndian(page, id);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(8), (ushort)kind);
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(10), (ushort)data.Count);
        BinaryPrimitives.WriteInt32LittleEndian(page.AsSpan(12), (page.Length / PageBytes) - 1);
        int at = headBytes;
        for (int i = 0; i < data.Count; i++)
        {
            int element = BoltFormat.PageHeaderBytes + (i * BoltFormat.ElementHeaderBytes);
            write(page.AsSpan(element), i, at - element);
            data[i].CopyTo(page, at);
            at += data[i].Length;
        }

        foreach (byte[] part in page.Chunk(PageBytes))
        {
            pages.Add(part);
        }

        return id;
    }

    private delegate void ElementWriter(Span<byte> element, int index, int position);
}
