using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>A branch or leaf page that is being filled. Its memory is reused for the next page.</summary>
internal sealed class BoltWriterNode(int pageSizeBytes, bool isLeaf)
{
    /// <summary>The count of a page has 16 bits, and bbolt reserves the highest value for freelists.</summary>
    private const int ElementsMax = ushort.MaxValue - 1;

    /// <summary>A tenth of a page stays free for later changes, as in etcd's own pages of revisions.</summary>
    private const int SparePart = 10;

    /// <summary>
    /// The page's header and its elements' headers. Their positions still count from the beginning of the data.
    /// </summary>
    private byte[] _head = new byte[pageSizeBytes];

    private byte[] _data = new byte[pageSizeBytes];
    private int _dataBytes;
    private int _lastKeyStart;
    private int _lastKeyBytes;

    public int Count { get; private set; }

    public int UsedBytes => HeadBytes + _dataBytes;

    /// <summary>The first key of a page that is not empty.</summary>
    public ReadOnlySpan<byte> FirstKey => _data.AsSpan(0, BinaryPrimitives.ReadInt32LittleEndian(
        _head.AsSpan(BoltFormat.PageHeaderBytes + (isLeaf ? 8 : 4))));

    /// <summary>The last key of a page that is not empty.</summary>
    public ReadOnlySpan<byte> LastKey => _data.AsSpan(_lastKeyStart, _lastKeyBytes);

    /// <summary>The first child of a branch that is not empty.</summary>
    public ulong FirstChild => BinaryPrimitives.ReadUInt64LittleEndian(_head.AsSpan(BoltFormat.PageHeaderBytes + 8));

    private int HeadBytes => BoltFormat.PageHeaderBytes + (Count * BoltFormat.ElementHeaderBytes);

    /// <summary>
    /// Whether another element belongs to this page: if a tenth of the page (with its existing overflow) stays free, or
    /// if the page would otherwise be less than half full. A branch always takes two elements, or the tree would never
    /// end.
    /// </summary>
    public bool HasRoom(int keyBytes, int valueBytes)
    {
        if (Count < (isLeaf ? 1 : 2))
        {
            return true;
        }

        long span = Span(UsedBytes);
        long free = span - UsedBytes - BoltFormat.ElementHeaderBytes - keyBytes - (long)valueBytes;
        return Count < ElementsMax
            && (free >= pageSizeBytes / SparePart || (free >= 0 && span - UsedBytes > pageSizeBytes / 2));
    }

    public void AddToLeaf(uint flags, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Span<byte> element = NextElement(checked(key.Length + value.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(element, flags);
        BinaryPrimitives.WriteInt32LittleEndian(element[4..], _dataBytes);
        BinaryPrimitives.WriteInt32LittleEndian(element[8..], key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(element[12..], value.Length);
        Append(key, value);
    }

    public void AddToBranch(ReadOnlySpan<byte> key, ulong child)
    {
        Span<byte> element = NextElement(key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(element, _dataBytes);
        BinaryPrimitives.WriteInt32LittleEndian(element[4..], key.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(element[8..], child);
        Append(key, []);
    }

    /// <summary>Appends the page with its overflow to the output.</summary>
    /// <returns>The number of the page.</returns>
    public ulong WriteTo(BoltWriterOutput output)
    {
        ulong id = output.NextPage;
        uint overflow = (uint)((Span(UsedBytes) / pageSizeBytes) - 1);
        output.Append(Head(id, overflow));
        output.Append(_data.AsSpan(0, _dataBytes));
        output.FillPage();
        return id;
    }

    /// <summary>Returns the page for an inline bucket: without number and padding.</summary>
    public byte[] ToInline() => [.. Head(0, 0), .. _data.AsSpan(0, _dataBytes)];

    public void Clear() => (Count, _dataBytes) = (0, 0);

    private long Span(int bytes) => Math.Max(1, ((long)bytes + pageSizeBytes - 1) / pageSizeBytes) * pageSizeBytes;

    private ReadOnlySpan<byte> Head(ulong id, uint overflow)
    {
        Span<byte> head = _head.AsSpan(0, HeadBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(head, id);
        BoltPageKinds kind = isLeaf ? BoltPageKinds.Leaf : BoltPageKinds.Branch;
        BinaryPrimitives.WriteUInt16LittleEndian(head[8..], (ushort)kind);
        BinaryPrimitives.WriteUInt16LittleEndian(head[10..], (ushort)Count);
        BinaryPrimitives.WriteUInt32LittleEndian(head[12..], overflow);
        for (int i = 0; i < Count; i++)
        {
            // A position counts from its element. The end of the elements is known only now.
            int element = BoltFormat.PageHeaderBytes + (i * BoltFormat.ElementHeaderBytes);
            Span<byte> position = head[(element + (isLeaf ? 4 : 0))..];
            int inData = BinaryPrimitives.ReadInt32LittleEndian(position);
            BinaryPrimitives.WriteInt32LittleEndian(position, inData + ((Count - i) * BoltFormat.ElementHeaderBytes));
        }

        return head;
    }

    private Span<byte> NextElement(int dataBytes)
    {
        int start = HeadBytes;
        Count++;
        EnsureCapacity(ref _head, start, HeadBytes);
        EnsureCapacity(ref _data, _dataBytes, checked(_dataBytes + dataBytes));
        return _head.AsSpan(start);
    }

    private void Append(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        (_lastKeyStart, _lastKeyBytes) = (_dataBytes, key.Length);
        key.CopyTo(_data.AsSpan(_dataBytes));
        value.CopyTo(_data.AsSpan(_dataBytes + key.Length));
        _dataBytes += key.Length + value.Length;
    }

    private static void EnsureCapacity(ref byte[] bytes, int used, int needed)
    {
        if (needed > bytes.Length)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>(
                (int)Math.Min(Array.MaxLength, Math.Max(needed, bytes.Length * 2L)));
            bytes.AsSpan(0, used).CopyTo(larger);
            bytes = larger;
        }
    }
}
