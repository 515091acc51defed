using System.Buffers.Binary;
using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>
/// Finds the fields of a valid database: the numbers of metas, headers, elements, bucket headers and the freelist, the
/// keys of branches, and the keys and values of etcd's revisions.
/// </summary>
internal sealed class BoltFields
{
    private const int OverflowAt = 12;
    private const int ChildAt = 8;

    private static readonly (int Offset, int Length)[] Header = [(0, 8), (8, 2), (10, 2), (OverflowAt, 4)];
    private static readonly (int Offset, int Length)[] BranchElement = [(0, 4), (4, 4), (ChildAt, 8)];
    private static readonly (int Offset, int Length)[] LeafElement = [(0, 4), (4, 4), (8, 4), (12, 4)];

    private readonly BoltDatabase _database;
    private readonly List<BoltField> _fields = [];

    private BoltFields(BoltDatabase database) => _database = database;

    public static IReadOnlyList<BoltField> Of(BoltDatabase database)
    {
        BoltFields fields = new(database);
        for (int page = 0; page < 2; page++)
        {
            long start = page * database.PageSizeBytes;
            fields.Add(BoltStructure.Meta, start, Header);
            fields.Add(BoltStructure.Meta, start, Enumerable.Range(2, 8).Select(i => (i * 8, 8)));
        }

        if (database.Meta.Freelist != BoltFormat.NoFreelist)
        {
            fields.AddFreelist(database.Meta.Freelist);
        }

        fields.AddPage(database.Meta.Root, isKeyBucket: false);
        return fields._fields;
    }

    private void AddFreelist(ulong id)
    {
        long start = (long)id * _database.PageSizeBytes;
        BoltPage page = new();
        _database.ReadFirstPage(id, page);
        Add(BoltStructure.Freelist, start, Header);
        Add(BoltStructure.Freelist, start, Enumerable.Range(2, page.Count).Select(i => (i * 8, 8)));
    }

    private void AddPage(ulong id, bool isKeyBucket)
    {
        BoltPage page = new();
        _database.ReadPage(id, page);
        long start = (long)id * _database.PageSizeBytes;
        BoltStructure structure = page.IsBranch ? BoltStructure.Branch : BoltStructure.Leaf;
        AddElements(page, start, structure);
        for (int i = 0; i < page.Count; i++)
        {
            long key = start + KeyOffset(page, i);
            int keyBytes = page.Key(i).Length;
            if (page.IsBranch)
            {
                _fields.Add(new BoltField(BoltStructure.BranchKey, key, keyBytes));
                AddPage(page.Child(i), isKeyBucket);
            }
            else if (page.IsBucket(i))
            {
                AddBucket(page.Value(i), key + keyBytes, isKeyBucket: page.Key(i).SequenceEqual("key"u8));
            }
            else if (isKeyBucket)
            {
                _fields.Add(new BoltField(BoltStructure.RevisionKey, key, keyBytes, key));
                _fields.Add(new BoltField(BoltStructure.KeyValue, key + keyBytes, page.Value(i).Length, key));
            }
        }
    }

    private void AddBucket(ReadOnlySpan<byte> value, long start, bool isKeyBucket)
    {
        ulong root = BinaryPrimitives.ReadUInt64LittleEndian(value);
        _fields.Add(
            new BoltField(root == 0 ? BoltStructure.InlineBucket : BoltStructure.BucketRoot, start, sizeof(ulong)));
        if (root != 0)
        {
            AddPage(root, isKeyBucket);
            return;
        }

        BoltPage inline = new();
        inline.LoadInline(value[BoltFormat.BucketHeaderBytes..], 0, start + BoltFormat.BucketHeaderBytes);
        AddElements(inline, start + BoltFormat.BucketHeaderBytes, BoltStructure.InlineBucket);
    }

    private void AddElements(BoltPage page, long start, BoltStructure structure)
    {
        Add(structure, start, Header);
        for (int i = 0; i < page.Count; i++)
        {
            Add(structure, start + Element(i), page.IsBranch ? BranchElement : LeafElement);
        }
    }

    private void Add(BoltStructure structure, long start, IEnumerable<(int Offset, int Length)> fields)
    {
        bool isHeader = fields == Header;
        foreach ((int offset, int length) in fields)
        {
            bool isOverflow =
                structure is BoltStructure.Branch or BoltStructure.Leaf && isHeader && offset == OverflowAt;
            BoltStructure special = isOverflow
                ? BoltStructure.Overflow
                : structure == BoltStructure.Branch && !isHeader && offset == ChildAt ? BoltStructure.Child : structure;
            _fields.Add(new BoltField(special, start + offset, length));
        }
    }

    private static int Element(int index) => BoltFormat.PageHeaderBytes + (index * BoltFormat.ElementHeaderBytes);

    private static int KeyOffset(BoltPage page, int index)
    {
        int element = Element(index);
        return element + BinaryPrimitives.ReadInt32LittleEndian(page.Bytes[(element + (page.IsBranch ? 0 : 4))..]);
    }
}
