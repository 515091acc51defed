using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Goes through the pages of all buckets, from the root bucket down. A page is read only by the first that refers to it; whatever
/// damaged branches refer to, no page is read twice, and there is an end.
/// </summary>
internal sealed class BoltTreeCheck(
    BoltDatabase database, PageMap pages, BoltProblems problems, CancellationToken cancellationToken)
{
    /// <summary>The branches from the root down to the page at hand, whose memory is used again.</summary>
    private readonly List<BoltPage> _branches = [];

    /// <summary>Pages of buckets that the leaves on the way down hold and that are still to be gone through.</summary>
    private readonly Stack<ulong> _roots = [];

    private readonly BoltPage _inline = new();

    /// <summary>The page that was read last; becomes one of <see cref="_branches"/> if it is one.</summary>
    private BoltPage _page = new();

    public void Run() => CheckPage(database.Meta.Root, referrer: 0, default, depth: 0, isRootBucket: true);

    /// <param name="id">The page, believed to be one of a tree.</param>
    /// <param name="referrer">The page that says so.</param>
    /// <param name="bounds">What its keys must lie between.</param>
    /// <param name="depth">Pages above it, over all buckets that it is nested in.</param>
    /// <param name="isRootBucket">Whether it belongs to the bucket that only holds buckets.</param>
    private void CheckPage(ulong id, ulong referrer, KeyBounds bounds, int depth, bool isRootBucket)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (depth >= BoltFormat.TreeDepthMax)
        {
            problems.Add(id, $"there are more than {BoltFormat.TreeDepthMax} pages on the way down to it");
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

    /// <summary>Reads a page with its overflow into <see cref="_page"/>, unless something else has them already.</summary>
    private bool TryRead(ulong id, ulong referrer)
    {
        if (!database.HasPage(id))
        {
            problems.Add(referrer, $"it refers to page {id}, which lies outside of the database's {pages.Pages} pages");
            return false;
        }

        if (!pages.TryUse(id))
        {
            problems.Add(id, $"page {referrer} refers to it, and it is in use elsewhere");
            return false;
        }

        if (pages.IsFree(id))
        {
            problems.Add(id, $"page {referrer} refers to it, and it is in the freelist");
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
                problems.Add(next, $"it is an overflow page of page {id}, and in use elsewhere");
                return false;
            }

            if (pages.IsFree(next))
            {
                problems.Add(next, $"it is an overflow page of page {id}, and in the freelist");
            }
        }

        database.ReadOverflow(_page);
        return true;
    }

    /// <summary>Within a page keys are in order, so that the first and the last stand for all; where they are not, that is told.</summary>
    private void CheckBounds(BoltPage page, KeyBounds bounds)
    {
        int last = page.Count - 1;
        if (page.Count == 0 || !page.IsReadable(0) || !page.IsReadable(last))
        {
            return;
        }

        if (page.Key(0).SequenceCompareTo(bounds.From) < 0)
        {
            problems.Add(page.Id, "its first key is below the one that the page above has for it");
        }

        if (!bounds.Below.IsEmpty && page.Key(last).SequenceCompareTo(bounds.Below) >= 0)
        {
            problems.Add(page.Id, "its last key is not below that of its neighbour in a page above");
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
            // Where a key cannot be read, the bounds of the branch itself are all that is known.
            KeyBounds within = new()
            {
                From = branch.IsReadable(i) ? branch.Key(i) : bounds.From,
                Below = i + 1 < branch.Count && branch.IsReadable(i + 1) ? branch.Key(i + 1) : bounds.Below,
            };
            CheckPage(branch.Child(i), branch.Id, within, depth + 1, isRootBucket);
        }
    }

    /// <summary>Looks at the buckets that a leaf holds; those with pages of their own come after it, when its memory is free.</summary>
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
                problems.Add(id, $"element {i} is no bucket, and belongs to the root bucket, which holds nothing else");
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
                problems.Add(_page.Id, $"the bucket at element {element} has page {root}, and {inline.Length} bytes inline");
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
        _inline.LoadInline(bytes, _page.Id);
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
                problems.Add(_page.Id, $"the inline bucket at element {element} holds a bucket");
            }
        }
    }

    /// <summary>What the keys of a page lie between.</summary>
    private readonly ref struct KeyBounds
    {
        /// <summary>The lowest key that may be; empty if every key may.</summary>
        public ReadOnlySpan<byte> From { get; init; }

        /// <summary>The lowest key that may no more be; empty if there is none, which no key is.</summary>
        public ReadOnlySpan<byte> Below { get; init; }
    }
}
