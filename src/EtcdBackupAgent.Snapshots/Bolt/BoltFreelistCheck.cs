using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>Reads a freelist of any size piece by piece, and marks its pages as free.</summary>
internal sealed class BoltFreelistCheck(BoltDatabase database, PageMap pages, BoltProblems problems)
{
    /// <summary>The number of ids in one read: 64 KiB.</summary>
    private const int IdsPerRead = 8192;

    private readonly ulong _id = database.Meta.Freelist;
    private ulong _previous;

    /// <summary>Checks the list, if there is one.</summary>
    /// <returns>
    /// Whether there is a freelist and it was read completely. Then every page must be reachable or in the freelist.
    /// </returns>
    public bool Run(CancellationToken cancellationToken)
    {
        if (_id == BoltFormat.NoFreelist)
        {
            return false;
        }

        if (!database.HasPage(_id))
        {
            problems.Add(_id, $"it should be the freelist, but is outside the database's {pages.Pages} pages");
            return false;
        }

        BoltPage page = new();
        database.ReadFirstPage(_id, page);
        if (page.Kind != BoltPageKinds.Freelist)
        {
            problems.Add(_id, $"it should be the freelist, but its type is 0x{(ushort)page.Kind:x}");
            return false;
        }

        if (page.HeaderId != _id)
        {
            problems.Add(_id, $"its header has page number {page.HeaderId}");
        }

        if (page.Overflow >= pages.Pages - _id)
        {
            problems.Add(_id, $"its {page.Overflow} overflow pages reach past the database's end");
            return false;
        }

        for (ulong i = 0; i <= page.Overflow; i++)
        {
            pages.TryUse(_id + i);
        }

        (long offset, ulong count) = FindIds(page);
        ulong room = (((page.Overflow + 1UL) * (ulong)database.PageSizeBytes) - (ulong)offset) / sizeof(ulong);
        if (count > room)
        {
            problems.Add(_id, $"it is too small for the {count} free pages of its header");
            return false;
        }

        ReadIds(((long)_id * database.PageSizeBytes) + offset, count, cancellationToken);
        return true;
    }

    /// <summary>Returns the offset of the ids in the page, in bytes, and their number.</summary>
    private (long Offset, ulong Count) FindIds(BoltPage page)
    {
        if (page.Count != BoltFormat.FreelistCountOverflow)
        {
            return (BoltFormat.PageHeaderBytes, (ulong)page.Count);
        }

        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(page.Bytes[BoltFormat.PageHeaderBytes..]);
        if (count < BoltFormat.FreelistCountOverflow)
        {
            problems.Add(
                _id,
                $"it has the form of a list of {BoltFormat.FreelistCountOverflow} or more pages, but lists {count}");
        }

        return (BoltFormat.PageHeaderBytes + sizeof(ulong), count);
    }

    private void ReadIds(long offset, ulong count, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[(int)Math.Min(count, IdsPerRead) * sizeof(ulong)];
        while (count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Span<byte> piece = bytes.AsSpan(0, (int)Math.Min(count, IdsPerRead) * sizeof(ulong));
            database.ReadBytes(piece, offset);
            for (int i = 0; i < piece.Length; i += sizeof(ulong))
            {
                AddId(BinaryPrimitives.ReadUInt64LittleEndian(piece[i..]));
            }

            offset += piece.Length;
            count -= (ulong)piece.Length / sizeof(ulong);
        }
    }

    private void AddId(ulong free)
    {
        if (!database.HasPage(free))
        {
            problems.Add(_id, $"it lists page {free}, which is outside the database's {pages.Pages} pages");
            return;
        }

        if (!pages.TryFree(free))
        {
            problems.Add(_id, $"it lists page {free} more than once");
        }
        else if (free < _previous)
        {
            problems.Add(_id, $"it lists page {free} after page {_previous}");
        }

        if (pages.IsUsed(free))
        {
            problems.Add(free, "it is part of the freelist, but is also listed in it as free");
        }

        _previous = free;
    }
}
