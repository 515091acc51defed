using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>A branch or leaf page that is being filled. Its memory is used again for the next page.</summary>
internal sealed class BoltWriterNode(int pageSizeBytes, bool isLeaf)
{
    /// <summary>A page's count has 16 bits, and bbolt keeps the highest for a freelist's own use.</summary>
    private const int ElementsMax = ushort.MaxValue - 1;

    /// <summary>A tenth of a page is left free, as etcd's own pages of revisions have it, for changes to come.</summary>
    private const int SparePart = 10;

    /// <summary>The page's header and its elements' headers, whose positions still count from the data's beginning.</summary>
    private byte[] _head = new byte[pageSizeBytes];

    private byte[] _data = new byte[pageSizeBytes];
    private int _dataBytes;
    private int _lastKeyStart;
    private int _lastKeyBytes;

    public int Count { get; private set; }

    public int UsedBytes => HeadBytes + _dataBytes;

    /// <summary>Of a page with elements.</summary>
    public ReadOnlySpan<byte> FirstKey => _data.AsSpan(0, BinaryPrimitives.ReadInt32LittleEndian(
        _head.AsSpan(BoltFormat.PageHeaderBytes + (isLeaf ? 8 : 4))));

    /// <summary>Of a page with elements.</summary>
    public ReadOnlySpan<byte> LastKey => _data.AsSpan(_lastKeyStart, _lastKeyBytes);

    /// <summary>Of a branch with children.</summary>
    public ulong FirstChild => BinaryPrimitives.ReadUInt64LittleEndian(_head.AsSpan(BoltFormat.PageHeaderBytes + 8));

    private int HeadBytes => BoltFormat.PageHeaderBytes + (Count * BoltFormat.ElementHeaderBytes);

    /// <summary>
    /// Whether one more element belongs into this page: as long as the page (with the overflow that it has already) keeps a
    /// tenth free, or would otherwise be less than half full. A branch always takes two, or the tree would never end.
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

    /// <summary>Appends the page with its overflow.</summary>
    /// <returns>Its number.</returns>
    public ulong WriteTo(BoltWriterOutput output)
    {
        ulong id = output.NextPage;
        uint overflow = (uint)((Span(UsedBytes) / pageSizeBytes) - 1);
        output.Append(Head(id, overflow));
        output.Append(_data.AsSpan(0, _dataBytes));
        output.FillPage();
        return id;
    }

    /// <summary>The page as it stands in an inline bucket: no number, no padding.</summary>
    public byte[] ToInline() => [.. Head(0, 0), .. _data.AsSpan(0, _dataBytes)];

    public void Clear() => (Count, _dataBytes) = (0, 0);

    private long Span(int bytes) => Math.Max(1, ((long)bytes + pageSizeBytes - 1) / pageSizeBytes) * pageSizeBytes;

    private ReadOnlySpan<byte> Head(ulong id, uint overflow)
    {
        Span<byte> head = _head.AsSpan(0, HeadBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(head, id);
        BinaryPrimitives.WriteUInt16LittleEndian(head[8..], (ushort)(isLeaf ? BoltPageKinds.Leaf : BoltPageKinds.Branch));
        BinaryPrimitives.WriteUInt16LittleEndian(head[10..], (ushort)Count);
        BinaryPrimitives.WriteUInt32LittleEndian(head[12..], overflow);
        for (int i = 0; i < Count; i++)
        {
            // A position counts from its element, and only now is it known where the elements end.
            Span<byte> position = head[(BoltFormat.PageHeaderBytes + (i * BoltFormat.ElementHeaderBytes) + (isLeaf ? 4 : 0))..];
            int inData = BinaryPrimitives.ReadInt32LittleEndian(position);
            BinaryPrimitives.WriteInt32LittleEndian(position, inData + ((Count - i) * BoltFormat.ElementHeaderBytes));
        }

        return head;
    }

    private Span<byte> NextElement(int dataBytes)
    {
        int start = HeadBytes;
        Count++;
        MakeRoom(ref _head, start, HeadBytes);
        MakeRoom(ref _data, _dataBytes, checked(_dataBytes + dataBytes));
        return _head.AsSpan(start);
    }

    private void Append(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        (_lastKeyStart, _lastKeyBytes) = (_dataBytes, key.Length);
        key.CopyTo(_data.AsSpan(_dataBytes));
        value.CopyTo(_data.AsSpan(_dataBytes + key.Length));
        _dataBytes += key.Length + value.Length;
    }

    private static void MakeRoom(ref byte[] bytes, int used, int needed)
    {
        if (needed > bytes.Length)
        {
            byte[] larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(Array.MaxLength, Math.Max(needed, bytes.Length * 2L)));
            bytes.AsSpan(0, used).CopyTo(larger);
            bytes = larger;
        }
    }
}
