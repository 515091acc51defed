namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Writes a B+tree from its leaves upward, from elements in the order of their keys. One page of each level is in
/// memory. A full page is written and becomes an element of the level above.
/// </summary>
internal sealed class BoltWriterTree(BoltWriterOutput output, int pageSizeBytes)
{
    /// <summary>
    /// The leaf and the branches above it. Those at <see cref="_height"/> and above are from an earlier tree.
    /// </summary>
    private readonly List<BoltWriterNode> _levels = [new(pageSizeBytes, isLeaf: true)];

    private int _height = 1;
    private byte[] _lastKey = [];
    private int _lastKeyBytes;

    /// <summary>The last key; empty if nothing was added yet.</summary>
    public ReadOnlySpan<byte> LastKey => Leaf.Count > 0 ? Leaf.LastKey : _lastKey.AsSpan(0, _lastKeyBytes);

    private BoltWriterNode Leaf => _levels[0];

    /// <summary>Adds an element.</summary>
    /// <exception cref="ArgumentException">The key is empty or not above the previous key.</exception>
    public void Add(uint flags, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        ThrowIfOutOfOrder(key);
        if (!Leaf.HasRoom(key.Length, value.Length))
        {
            SaveLastKey();
            Close(0);
        }

        Leaf.AddToLeaf(flags, key, value);
    }

    /// <summary>
    /// Begins with the pages of an existing tree: the last page of each level is read again, and is replaced when this
    /// tree is finished. All others are kept.
    /// </summary>
    /// <param name="path">The pages from the root to the last leaf, which is not empty.</param>
    public void Continue(IReadOnlyList<BoltPage> path)
    {
        _height = path.Count;
        while (_levels.Count < _height)
        {
            _levels.Add(new BoltWriterNode(pageSizeBytes, isLeaf: false));
        }

        BoltPage leaf = path[^1];
        for (int i = 0; i < leaf.Count; i++)
        {
            Leaf.AddToLeaf(leaf.IsBucket(i) ? BoltFormat.BucketElement : 0, leaf.Key(i), leaf.Value(i));
        }

        for (int level = 1; level < _height; level++)
        {
            BoltPage branch = path[^(level + 1)];
            for (int i = 0; i < branch.Count - 1; i++)
            {
                _levels[level].AddToBranch(branch.Key(i), branch.Child(i));
            }
        }
    }

    /// <summary>Writes the remaining pages and resets this object for the next tree.</summary>
    /// <returns>The page of the root.</returns>
    public ulong Finish()
    {
        int level = 0;
        while (level < _height - 1)
        {
            Close(level++);
        }

        BoltWriterNode top = _levels[level];
        ulong root = level > 0 && top.Count == 1 ? top.FirstChild : top.WriteTo(output);
        Reset();
        return root;
    }

    /// <summary>
    /// Returns the whole tree as an inline page and resets this object, or returns null if the tree is larger than one
    /// leaf of this size.
    /// </summary>
    public byte[]? TryFinishInline(int bytesMax)
    {
        if (_height > 1 || Leaf.UsedBytes > bytesMax)
        {
            return null;
        }

        byte[] page = Leaf.ToInline();
        Reset();
        return page;
    }

    private void Close(int level)
    {
        BoltWriterNode node = _levels[level];
        ulong id = node.WriteTo(output);
        AddToBranch(level + 1, node.FirstKey, id);
        node.Clear();
    }

    private void AddToBranch(int level, ReadOnlySpan<byte> key, ulong child)
    {
        if (level == _height)
        {
            _height++;
            if (level == _levels.Count)
            {
                _levels.Add(new BoltWriterNode(pageSizeBytes, isLeaf: false));
            }
        }

        BoltWriterNode node = _levels[level];
        if (!node.HasRoom(key.Length, 0))
        {
            Close(level);
        }

        node.AddToBranch(key, child);
    }

    private void ThrowIfOutOfOrder(ReadOnlySpan<byte> key)
    {
        ReadOnlySpan<byte> last = LastKey;
        if (key.SequenceCompareTo(last) <= 0)
        {
            throw new ArgumentException(key.IsEmpty
                ? "A key is empty, which bbolt does not allow."
                : $"Key {Convert.ToHexStringLower(key)} is not above the previous key "
                    + $"{Convert.ToHexStringLower(last)}.");
        }
    }

    private void SaveLastKey()
    {
        ReadOnlySpan<byte> last = Leaf.LastKey;
        if (_lastKey.Length < last.Length)
        {
            _lastKey = new byte[last.Length];
        }

        last.CopyTo(_lastKey);
        _lastKeyBytes = last.Length;
    }

    private void Reset()
    {
        foreach (BoltWriterNode node in _levels)
        {
            node.Clear();
        }

        (_height, _lastKeyBytes) = (1, 0);
    }
}
