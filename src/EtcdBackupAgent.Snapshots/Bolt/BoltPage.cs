using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// One branch or leaf page with its overflow pages, in memory that is reused for the next page. Its content must not be
/// trusted until <see cref="FindProblems"/> has found no problem: the accessors do not check again.
/// </summary>
internal sealed class BoltPage
{
    private byte[] _bytes = [];
    private int _length;

    /// <summary>The requested page number; 0 for an inline page.</summary>
    public ulong Id { get; private set; }

    /// <summary>The page number for messages: for an inline page, the page that contains it.</summary>
    public ulong ShownId { get; private set; }

    public ulong HeaderId => BinaryPrimitives.ReadUInt64LittleEndian(_bytes);

    public BoltPageKinds Kind => (BoltPageKinds)BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(8));

    public int Count => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(10));

    /// <summary>The number of pages that follow and belong to this page.</summary>
    public uint Overflow => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(12));

    public bool IsBranch => Kind == BoltPageKinds.Branch;

    /// <summary>Where the page begins in the file.</summary>
    public long FileOffset { get; private set; }

    /// <summary>The prefix by which messages distinguish an inline page from the leaf that contains it.</summary>
    private string Inline => Id == 0 ? "inline bucket: " : "";

    /// <summary>All bytes, including the header.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Loads the page of an inline bucket from the value of a leaf; it has at least a page header.</summary>
    public void LoadInline(ReadOnlySpan<byte> bytes, ulong shownId, long fileOffset)
    {
        bytes.CopyTo(Resize(bytes.Length, 0));
        (Id, ShownId, FileOffset) = (0, shownId, fileOffset);
    }

    /// <summary>Resizes the page, keeps its first <paramref name="keep"/> bytes, and returns all bytes.</summary>
    public Span<byte> Resize(int length, int keep)
    {
        if (_bytes.Length < length)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>(
                (int)Math.Max(length, Math.Min(2L * _bytes.Length, BoltFormat.PageSpanBytesMax)));
            _bytes.AsSpan(0, keep).CopyTo(larger);
            _bytes = larger;
        }

        _length = length;
        return _bytes.AsSpan(0, length);
    }

    /// <summary>Makes it a page of the file.</summary>
    public void SetId(ulong id, int pageSizeBytes) => (Id, ShownId, FileOffset) = (id, id, (long)id * pageSizeBytes);

    public ReadOnlySpan<byte> Key(int index)
    {
        (int element, uint position, uint keyBytes) = IsBranch ? BranchElement(index) : LeafElement(index);
        return _bytes.AsSpan((int)(element + position), (int)keyBytes);
    }

    /// <summary>Returns the child's page of an element of a branch.</summary>
    public ulong Child(int index) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(Element(index) + 8));

    /// <summary>Whether the value of an element of a leaf is a bucket.</summary>
    public bool IsBucket(int index) => (LeafFlags(index) & BoltFormat.BucketElement) != 0;

    /// <summary>Returns the value of an element of a leaf.</summary>
    public ReadOnlySpan<byte> Value(int index)
    {
        (int element, uint position, uint keyBytes) = LeafElement(index);
        uint valueBytes = ReadUInt32(element + 12);
        return _bytes.AsSpan((int)(element + position + keyBytes), (int)valueBytes);
    }

    /// <summary>Returns where the value of an element of a leaf begins in the file.</summary>
    public long ValueFileOffset(int index)
    {
        (int element, uint position, uint keyBytes) = LeafElement(index);
        return FileOffset + element + position + keyBytes;
    }

    /// <summary>
    /// Returns the index of the first element whose key is not below <paramref name="key"/>, or <see cref="Count"/> if
    /// there is none.
    /// </summary>
    public int LowerBound(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (Key(middle).SequenceCompareTo(key) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>Whether an element's key and value are within the page. If not, they must not be read.</summary>
    public bool IsReadable(int index)
    {
        (long start, long end) = DataOf(index);
        return start >= DataStart && end <= _length;
    }

    /// <summary>
    /// Adds all problems within the page. bbolt writes keys and values directly after the elements, in the same order
    /// and without gaps, and then zeros. So a count, position or size that is off by one is also found here.
    /// </summary>
    /// <returns>Whether the elements can be read, each only if <see cref="IsReadable"/> is true for it.</returns>
    public bool FindProblems(BoltProblems problems)
    {
        if (Kind is not (BoltPageKinds.Branch or BoltPageKinds.Leaf))
        {
            problems.Add(ShownId, $"{Inline}its type is 0x{(ushort)Kind:x}, which is neither branch nor leaf");
            return false;
        }

        if (HeaderId != Id)
        {
            problems.Add(ShownId, $"{Inline}its header has page number {HeaderId}");
        }

        if (IsBranch && Count == 0)
        {
            problems.Add(ShownId, $"{Inline}it is a branch without children");
        }

        if (DataStart > _length)
        {
            problems.Add(ShownId, $"{Inline}it is too small for the {Count} elements of its header");
            return false;
        }

        FindEndProblem(FindElementProblems(problems), problems);
        return true;
    }

    /// <summary>
    /// Checks the end of the page. An inline page ends with its last element; a page of the file is padded with zeros.
    /// </summary>
    private void FindEndProblem(long? end, BoltProblems problems)
    {
        if (Id == 0 && Overflow != 0)
        {
            problems.Add(ShownId, $"{Inline}its header has {Overflow} overflow pages");
        }

        if (end is not { } dataEnd)
        {
            return;
        }

        if (Id == 0 && dataEnd != _length)
        {
            problems.Add(ShownId, $"{Inline}its last element does not end where the bucket ends");
        }
        else if (_bytes.AsSpan((int)dataEnd, _length - (int)dataEnd).ContainsAnyExcept((byte)0))
        {
            problems.Add(ShownId, $"{Inline}there is data after its last element");
        }
    }

    /// <summary>
    /// Checks the elements. Returns the end of the last element's data, or null if not all elements are readable.
    /// </summary>
    private long? FindElementProblems(BoltProblems problems)
    {
        long? expected = DataStart;
        ReadOnlySpan<byte> previous = [];
        for (int i = 0; i < Count; i++)
        {
            (long start, long end) = DataOf(i);
            if (start < DataStart || end > _length)
            {
                problems.Add(ShownId, $"{Inline}element {i} reaches past the page's bounds");
                expected = null;
                continue;
            }

            if (expected is not null && start != expected)
            {
                problems.Add(ShownId, $"{Inline}element {i} does not begin where the previous one ends");
            }

            ReadOnlySpan<byte> key = Key(i);
            if (key.IsEmpty)
            {
                problems.Add(ShownId, $"{Inline}the key of element {i} is empty");
            }
            else if (key.SequenceCompareTo(previous) <= 0)
            {
                problems.Add(ShownId, $"{Inline}the key of element {i} is not above the previous one");
            }

            if (!IsBranch && LeafFlags(i) is not (0 or BoltFormat.BucketElement) and var flags)
            {
                problems.Add(ShownId, $"{Inline}element {i} has unknown flags 0x{flags:x}");
            }

            previous = key;
            expected = end;
        }

        return expected;
    }

    /// <summary>
    /// The end of the elements, where keys and values begin. It is beyond the page if the count is wrong.
    /// </summary>
    private int DataStart => BoltFormat.PageHeaderBytes + (Count * BoltFormat.ElementHeaderBytes);

    /// <summary>
    /// Returns where an element's key begins and its value ends, as offsets from the page's first byte.
    /// </summary>
    private (long Start, long End) DataOf(int index)
    {
        (int element, uint position, uint keyBytes) = IsBranch ? BranchElement(index) : LeafElement(index);
        uint valueBytes = IsBranch ? 0 : ReadUInt32(element + 12);
        long start = (long)element + position;
        return (start, start + keyBytes + valueBytes);
    }

    private static int Element(int index) => BoltFormat.PageHeaderBytes + (index * BoltFormat.ElementHeaderBytes);

    private uint LeafFlags(int index) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(Element(index)));

    private (int Element, uint Position, uint KeyBytes) BranchElement(int index)
    {
        int element = Element(index);
        return (element, ReadUInt32(element), ReadUInt32(element + 4));
    }

    private (int Element, uint Position, uint KeyBytes) LeafElement(int index)
    {
        int element = Element(index);
        return (element, ReadUInt32(element + 4), ReadUInt32(element + 8));
    }

    private uint ReadUInt32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(offset));
}
