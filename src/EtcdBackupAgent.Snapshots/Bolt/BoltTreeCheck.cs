using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Checks the pages of all buckets, from the root bucket down. A page is read only for its first reference. So even
/// with damaged branches no page is read twice, and the check terminates.
/// </summary>
internal sealed class BoltTreeCheck(
    BoltDatabase database, PageMap pages, BoltProblems problems, CancellationToken cancellationToken)
{
    /// <summary>The branches from the root down to the current page. Their memory is reused.</summary>
    private readonly List<BoltPage> _branches = [];

    /// <summary>The root pages of buckets in the leaves above the current page that are not checked yet.</summary>
    private readonly Stack<ulong> _roots = [];

    private readonly BoltPage _inline = new();

    /// <summary>The page that was read last. If it is a branch, it moves to <see cref="_branches"/>.</summary>
    private BoltPage _page = new();

    public void Run() => CheckPage(database.Meta.Root, referrer: 0, default, depth: 0, isRootBucket: true);

    /// <summary>Checks a page and everything below it.</summary>
    /// <param name="id">The page, which should belong to a tree.</param>
    /// <param name="referrer">The page that refers to it.</param>
    /// <param name="bounds">The bounds of its keys.</param>
    /// <param name="depth">The number of pages above it, including those of the buckets that contain it.</param>
    /// <param name="isRootBucket">Whether it belongs to the root bucket, which contains only buckets.</param>
    private void CheckPage(ulong id, ulong referrer, KeyBounds bounds, int depth, bool isRootBucket)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (depth >= BoltFormat.TreeDepthMax)
        {
            problems.Add(id, $"it is more than {BoltFormat.TreeDepthMax} levels below the root");
            return;
        }

        if (!TryRead(id, referrer) || !_page.FindProblems(problems))
        {
            return;
        }

        CheckBounds(_page, bounds);
        if (_page.IsBranch)
        {
            CheckChildren(KeepBranch(depth), bounds, depth, isRootBucket);
        }
        else
        {
            CheckLeaf(depth, isRootBucket);
        }
    }

    /// <summary>
    /// Reads a page with its overflow into <see cref="_page"/>, unless one of its pages is already in use.
    /// </summary>
    private bool TryRead(ulong id, ulong referrer)
    {
        if (!database.HasPage(id))
        {
            problems.Add(referrer, $"it refers to page {id}, which is outside the database's {pages.Pages} pages");
            return false;
        }

        if (!pages.TryUse(id))
        {
            problems.Add(id, $"page {referrer} refers to it, but it is in use elsewhere");
            return false;
        }

        if (pages.IsFree(id))
        {
            problems.Add(id, $"page {referrer} refers to it, but it is in the freelist");
        }

        database.ReadFirstPage(id, _page);
        if (database.FindOverflowProblem(_page) is { } problem)
        {
            problems.Add(id, problem);
            return false;
        }

        for (ulong next = id + 1; next <= id + _page.Overflow; next++)
        {
            if (!pages.TryUse(next))
            {
                problems.Add(next, $"it is an overflow page of page {id}, but in use elsewhere");
                return false;
            }

            if (pages.IsFree(next))
            {
                problems.Add(next, $"it is an overflow page of page {id}, but in the freelist");
            }
        }

        database.ReadOverflow(_page);
        return true;
    }

    /// <summary>
    /// Checks the first and the last key. Keys within a page must be in order (reported otherwise), so these two cover
    /// all.
    /// </summary>
    private void CheckBounds(BoltPage page, KeyBounds bounds)
    {
        int last = page.Count - 1;
        if (page.Count == 0 || !page.IsReadable(0) || !page.IsReadable(last))
        {
            return;
        }

        if (page.Key(0).SequenceCompareTo(bounds.From) < 0)
        {
            problems.Add(page.Id, "its first key is below its key in the page above");
        }

        if (!bounds.Below.IsEmpty && page.Key(last).SequenceCompareTo(bounds.Below) >= 0)
        {
            problems.Add(page.Id, "its last key is not below the key of its neighbour in a page above");
        }
    }

    private BoltPage KeepBranch(int depth)
    {
        while (_branches.Count <= depth)
        {
            _branches.Add(new BoltPage());
        }

        (_page, _branches[depth]) = (_branches[depth], _page);
        return _branches[depth];
    }

    private void CheckChildren(BoltPage branch, KeyBounds bounds, int depth, bool isRootBucket)
    {
        for (int i = 0; i < branch.Count; i++)
        {
            // If a key cannot be read, use the bounds of the branch itself.
            KeyBounds within = new()
            {
                From = branch.IsReadable(i) ? branch.Key(i) : bounds.From,
                Below = i + 1 < branch.Count && branch.IsReadable(i + 1) ? branch.Key(i + 1) : bounds.Below,
            };
            CheckPage(branch.Child(i), branch.Id, within, depth + 1, isRootBucket);
        }
    }

    /// <summary>
    /// Checks the buckets of a leaf. Buckets with their own pages are checked after it, when its memory can be reused.
    /// </summary>
    private void CheckLeaf(int depth, bool isRootBucket)
    {
        ulong id = _page.Id;
        int rootsBefore = _roots.Count;
        for (int i = 0; i < _page.Count; i++)
        {
            if (!_page.IsReadable(i))
            {
                continue;
            }

            if (_page.IsBucket(i))
            {
                CheckBucket(_page.Value(i), i);
            }
            else if (isRootBucket)
            {
                problems.Add(id, $"element {i} of the root bucket is not a bucket");
            }
        }

        while (_roots.Count > rootsBefore)
        {
            CheckPage(_roots.Pop(), id, default, depth + 1, isRootBucket: false);
        }
    }

    private void CheckBucket(ReadOnlySpan<byte> value, int element)
    {
        if (value.Length < BoltFormat.BucketHeaderBytes)
        {
            problems.Add(_page.Id, $"the bucket at element {element} has no header");
            return;
        }

        ReadOnlySpan<byte> inline = value[BoltFormat.BucketHeaderBytes..];
        ulong root = BinaryPrimitives.ReadUInt64LittleEndian(value);
        if (root != 0)
        {
            if (!inline.IsEmpty)
            {
                problems.Add(
                    _page.Id, $"the bucket at element {element} has page {root} but also {inline.Length} bytes inline");
            }

            _roots.Push(root);
        }
        else if (inline.Length < BoltFormat.PageHeaderBytes)
        {
            problems.Add(_page.Id, $"the inline bucket at element {element} has no page");
        }
        else
        {
            CheckInline(inline, element);
        }
    }

    private void CheckInline(ReadOnlySpan<byte> bytes, int element)
    {
        _inline.LoadInline(bytes, _page.Id, _page.ValueFileOffset(element) + BoltFormat.BucketHeaderBytes);
        if (!_inline.FindProblems(problems))
        {
            return;
        }

        if (_inline.IsBranch)
        {
            problems.Add(_page.Id, $"the inline bucket at element {element} is a branch");
            return;
        }

        for (int i = 0; i < _inline.Count; i++)
        {
            if (_inline.IsBucket(i))
            {
                problems.Add(_page.Id, $"the inline bucket at element {element} contains a bucket");
            }
        }
    }

    /// <summary>The bounds of the keys of a page.</summary>
    private readonly ref struct KeyBounds
    {
        /// <summary>The lowest allowed key; empty if there is no lower bound.</summary>
        public ReadOnlySpan<byte> From { get; init; }

        /// <summary>
        /// The lowest key above the allowed range; empty if there is no upper bound. (A key is never empty.)
        /// </summary>
        public ReadOnlySpan<byte> Below { get; init; }
    }
}
