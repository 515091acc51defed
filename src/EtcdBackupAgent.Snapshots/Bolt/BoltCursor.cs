using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Moves over the elements of one bucket in the order of their keys, with one page of each level in memory. Every page
/// is checked when it is read: its type, bounds and order, and that its keys are within the bounds of its parent. So
/// damage throws an exception and never causes an undetected wrong result, an endless loop or a read outside a page.
/// </summary>
/// <remarks>
/// All moves throw <see cref="SnapshotDamagedException"/> if a page is damaged. Spans are valid until the next move.
/// </remarks>
internal sealed class BoltCursor
{
    private readonly BoltDatabase _database;
    private readonly ulong _root;
    private readonly List<Frame> _frames = [];
    private readonly BoltProblems _problems = new(1);
    private int _depth;
    private ulong _pagesRead;

    public BoltCursor(BoltDatabase database, ulong root)
    {
        _database = database;
        _root = root;
    }

    private BoltCursor(BoltDatabase database, ReadOnlySpan<byte> inlinePage, ulong shownId, long fileOffset)
        : this(database, 0)
    {
        Frame only = FrameAt(0);
        only.Page.LoadInline(inlinePage, shownId, fileOffset);
        ThrowIfDamaged(only.Page);
        if (only.Page.IsBranch)
        {
            throw Damaged(only.Page, "it is an inline bucket, but a branch");
        }
    }

    /// <summary>The page that contains the current element.</summary>
    public ulong PageId => Leaf.Page.ShownId;

    public ReadOnlySpan<byte> Key => Leaf.Page.Key(Leaf.Index);

    public ReadOnlySpan<byte> Value => Leaf.Page.Value(Leaf.Index);

    /// <summary>Where the current value begins in the file.</summary>
    public long ValueFileOffset => Leaf.Page.ValueFileOffset(Leaf.Index);

    /// <summary>Whether the current element is a bucket rather than a value.</summary>
    public bool IsBucket => Leaf.Page.IsBucket(Leaf.Index);

    /// <summary>The sequence of the bucket at the current element: a counter, which etcd does not use.</summary>
    public ulong BucketSequence => Value.Length >= BoltFormat.BucketHeaderBytes
        ? BinaryPrimitives.ReadUInt64LittleEndian(Value[8..])
        : 0;

    private Frame Leaf => _frames[_depth - 1];

    /// <summary>The pages from the root of the bucket to the current leaf. Valid until the cursor moves.</summary>
    public IReadOnlyList<BoltPage> Path => [.. _frames.Take(_depth).Select(frame => frame.Page)];

    private bool IsInline => _root == 0;

    /// <summary>Moves to the first element. Returns false if the bucket is empty.</summary>
    public bool MoveToFirst() => Seek([]);

    /// <summary>
    /// Moves to the first element whose key is not below <paramref name="key"/>. Returns false if there is none.
    /// </summary>
    public bool Seek(ReadOnlySpan<byte> key)
    {
        _pagesRead = 0;
        _depth = 0;
        if (IsInline)
        {
            _depth = 1;
        }
        else
        {
            Descend(_root, key);
        }

        Leaf.Index = Leaf.Page.LowerBound(key);
        return Leaf.Index < Leaf.Page.Count || MoveToNextLeaf();
    }

    /// <summary>Moves to the last element. Returns false if the bucket is empty.</summary>
    public bool MoveToLast()
    {
        _pagesRead = 0;
        _depth = 0;
        if (IsInline)
        {
            _depth = 1;
        }
        else
        {
            Descend(_root, [], toLast: true);
        }

        Leaf.Index = Leaf.Page.Count - 1;
        return Leaf.Index >= 0 ? true
            : _depth == 1 ? false
            : throw Damaged(Leaf.Page, "the last leaf of a tree is empty");
    }

    /// <summary>Moves to the next element. Returns false if there is none.</summary>
    public bool MoveNext() => ++Leaf.Index < Leaf.Page.Count || MoveToNextLeaf();

    /// <summary>Returns a cursor over the bucket at the current element.</summary>
    public BoltCursor OpenBucket()
    {
        ReadOnlySpan<byte> value = Value;
        if (value.Length < BoltFormat.BucketHeaderBytes)
        {
            throw Damaged(Leaf.Page, $"the bucket at element {Leaf.Index} has no header");
        }

        ulong root = BinaryPrimitives.ReadUInt64LittleEndian(value);
        if (root != 0)
        {
            return new BoltCursor(_database, root);
        }

        ReadOnlySpan<byte> inline = value[BoltFormat.BucketHeaderBytes..];
        return inline.Length >= BoltFormat.PageHeaderBytes
            ? new BoltCursor(_database, inline, PageId, ValueFileOffset + BoltFormat.BucketHeaderBytes)
            : throw Damaged(Leaf.Page, $"the inline bucket at element {Leaf.Index} has no page");
    }

    /// <summary>
    /// Descends from a page to the leaf where <paramref name="key"/> is or would be, or to the last leaf.
    /// </summary>
    private void Descend(ulong id, ReadOnlySpan<byte> key, bool toLast = false)
    {
        while (true)
        {
            if (_depth == BoltFormat.TreeDepthMax)
            {
                throw new SnapshotDamagedException(
                    $"page {id}: its tree has more than {BoltFormat.TreeDepthMax} levels");
            }

            Frame frame = FrameAt(_depth);
            ReadChecked(id, frame);

            // Overflow pages must count too: otherwise many references to empty leaves with large overflows could take
            // unbounded time.
            _pagesRead += 1 + (ulong)frame.Page.Overflow;
            if (_pagesRead > _database.Meta.HighWaterMark)
            {
                throw new SnapshotDamagedException($"page {id}: its tree refers to pages more than once");
            }

            ThrowIfOutsideParent(frame.Page);
            _depth++;
            if (!frame.Page.IsBranch)
            {
                frame.Index = 0;
                return;
            }

            frame.Index = toLast ? frame.Page.Count - 1 : ChildIndex(frame.Page, key);
            id = frame.Page.Child(frame.Index);
        }
    }

    /// <summary>Reads a page into a frame, unless it is there: successive searches share branches.</summary>
    private void ReadChecked(ulong id, Frame frame)
    {
        if (frame.CheckedId == id)
        {
            return;
        }

        frame.CheckedId = null;
        _database.ReadPage(id, frame.Page);
        ThrowIfDamaged(frame.Page);
        frame.CheckedId = id;
    }

    /// <summary>The index of the child of a branch in which a key is or would be.</summary>
    private static int ChildIndex(BoltPage branch, ReadOnlySpan<byte> key)
    {
        int index = branch.LowerBound(key);
        bool exact = index < branch.Count && branch.Key(index).SequenceEqual(key);
        return exact ? index : Math.Max(0, index - 1);
    }

    private bool MoveToNextLeaf()
    {
        int level = _depth - 2;
        while (level >= 0)
        {
            Frame parent = _frames[level];
            if (parent.Index + 1 >= parent.Page.Count)
            {
                level--;
                continue;
            }

            parent.Index++;
            _depth = level + 1;
            Descend(parent.Page.Child(parent.Index), []);
            if (Leaf.Page.Count > 0)
            {
                return true;
            }

            level = _depth - 2;
        }

        return false;
    }

    private Frame FrameAt(int depth)
    {
        if (depth == _frames.Count)
        {
            _frames.Add(new Frame());
        }

        return _frames[depth];
    }

    private void ThrowIfDamaged(BoltPage page)
    {
        _problems.Clear();
        page.FindProblems(_problems);
        if (_problems.Count > 0)
        {
            throw new SnapshotDamagedException(_problems.Kept[0]);
        }
    }

    /// <summary>
    /// Throws if a key is below the parent's key for the page, or not below the key of the page's right neighbour.
    /// </summary>
    private void ThrowIfOutsideParent(BoltPage page)
    {
        if (_depth == 0 || page.Count == 0)
        {
            return;
        }

        Frame parent = _frames[_depth - 1];
        if (page.Key(0).SequenceCompareTo(parent.Page.Key(parent.Index)) < 0)
        {
            throw Damaged(page, $"its first key is below its key in page {parent.Page.ShownId}");
        }

        for (int level = _depth - 1; level >= 0; level--)
        {
            Frame ancestor = _frames[level];
            if (ancestor.Index + 1 < ancestor.Page.Count)
            {
                if (page.Key(page.Count - 1).SequenceCompareTo(ancestor.Page.Key(ancestor.Index + 1)) >= 0)
                {
                    throw Damaged(
                        page, $"its last key is not below the key of its neighbour in page {ancestor.Page.ShownId}");
                }

                return;
            }
        }
    }

    private static SnapshotDamagedException Damaged(BoltPage page, string problem) =>
        new($"page {page.ShownId}: {problem}");

    private sealed class Frame
    {
        public BoltPage Page { get; } = new();

        /// <summary>The page that was read and has no problems; null if there is none.</summary>
        public ulong? CheckedId { get; set; }

        public int Index { get; set; }
    }
}
