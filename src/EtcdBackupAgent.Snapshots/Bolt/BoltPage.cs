using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// One branch or leaf page with its overflow pages, in memory that is used again for the next page. What it says about itself is not
/// to be believed before <see cref="FindProblems"/> found none; the accessors do not look again.
/// </summary>
internal sealed class BoltPage
{
    private byte[] _bytes = [];
    private int _length;

    /// <summary>The page's number as it was asked for; 0 for an inline page.</summary>
    public ulong Id { get; private set; }

    /// <summary>Which page to name in messages: for an inline page the one that it stands in.</summary>
    public ulong ShownId { get; private set; }

    public ulong HeaderId => BinaryPrimitives.ReadUInt64LittleEndian(_bytes);

    public BoltPageKinds Kind => (BoltPageKinds)BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(8));

    public int Count => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(10));

    /// <summary>Pages that follow and belong to this one.</summary>
    public uint Overflow => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(12));

    public bool IsBranch => Kind == BoltPageKinds.Branch;

    /// <summary>How messages tell an inline page from the leaf that it stands in.</summary>
    private string Inline => Id == 0 ? "of an inline bucket: " : "";

    /// <summary>All bytes, the header included.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Takes an inline bucket's page, which stands within a leaf's value: at least a page's header.</summary>
    public void LoadInline(ReadOnlySpan<byte> bytes, ulong shownId)
    {
        bytes.CopyTo(Resize(bytes.Length, 0));
        (Id, ShownId) = (0, shownId);
    }

    /// <summary>Makes room for a page's bytes, keeps the first <paramref name="keep"/>, and gives the whole.</summary>
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

    public void SetId(ulong id) => (Id, ShownId) = (id, id);

    public ReadOnlySpan<byte> Key(int index)
    {
        (int element, uint position, uint keyBytes) = IsBranch ? BranchElement(index) : LeafElement(index);
        return _bytes.AsSpan((int)(element + position), (int)keyBytes);
    }

    /// <summary>Of a branch: the child's page.</summary>
    public ulong Child(int index) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(Element(index) + 8));

    /// <summary>Of a leaf: whether the value is a bucket.</summary>
    public bool IsBucket(int index) => (LeafFlags(index) & BoltFormat.BucketElement) != 0;

    /// <summary>Of a leaf.</summary>
    public ReadOnlySpan<byte> Value(int index)
    {
        (int element, uint position, uint keyBytes) = LeafElement(index);
        uint valueBytes = ReadUInt32(element + 12);
        return _bytes.AsSpan((int)(element + position + keyBytes), (int)valueBytes);
    }

    /// <summary>Index of the first element whose key is not below <paramref name="key"/>; <see cref="Count"/> if there is none.</summary>
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

    /// <summary>Whether an element's key and value lie within the page; those of another must not be asked for.</summary>
    public bool IsReadable(int index)
    {
        (long start, long end) = DataOf(index);
        return start >= DataStart && end <= _length;
    }

    /// <summary>
    /// Adds everything that is wrong within the page. bbolt writes keys and values without gaps, in the order of the elements and right
    /// after them, and zeroes after the last: so a count, position or size that is off by one is found here, too.
    /// </summary>
    /// <returns>Whether there are elements to look at; each of them only if it <see cref="IsReadable"/>.</returns>
    public bool FindProblems(BoltProblems problems)
    {
        if (Kind is not (BoltPageKinds.Branch or BoltPageKinds.Leaf))
        {
            problems.Add(ShownId, $"{Inline}its type is 0x{(ushort)Kind:x}, which is neither branch nor leaf");
            return false;
        }

        if (HeaderId != Id)
        {
            problems.Add(ShownId, $"{Inline}it says to be page {HeaderId}");
        }

        if (IsBranch && Count == 0)
        {
            problems.Add(ShownId, $"{Inline}it is a branch without children");
        }

        if (DataStart > _length)
        {
            problems.Add(ShownId, $"{Inline}it has no room for the {Count} elements it says to have");
            return false;
        }

        FindEndProblem(FindElementProblems(problems), problems);
        return true;
    }

    /// <summary>An inline page is made as long as its elements; a page of the file is filled with zeroes.</summary>
    private void FindEndProblem(long? end, BoltProblems problems)
    {
        if (Id == 0 && Overflow != 0)
        {
            problems.Add(ShownId, $"{Inline}it says to have {Overflow} overflow pages");
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
            problems.Add(ShownId, $"{Inline}there is something after its last element");
        }
    }

    /// <summary>Where the last element's data end; null if not all elements are readable.</summary>
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
                problems.Add(ShownId, $"{Inline}element {i} does not begin where the one before it ends");
            }

            ReadOnlySpan<byte> key = Key(i);
            if (key.IsEmpty)
            {
                problems.Add(ShownId, $"{Inline}the key of element {i} is empty");
            }
            else if (key.SequenceCompareTo(previous) <= 0)
            {
                problems.Add(ShownId, $"{Inline}the key of element {i} is not above the one before it");
            }

            if (!IsBranch && LeafFlags(i) is not (0 or BoltFormat.BucketElement) and var flags)
            {
                problems.Add(ShownId, $"{Inline}element {i} has the unknown flags 0x{flags:x}");
            }

            previous = key;
            expected = end;
        }

        return expected;
    }

    /// <summary>Where elements end, and so keys and values begin; more than the page has if its count is wrong.</summary>
    private int DataStart => BoltFormat.PageHeaderBytes + (Count * BoltFormat.ElementHeaderBytes);

    /// <summary>Where an element says that its key begins and its value ends, counted from the page's first byte.</summary>
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
