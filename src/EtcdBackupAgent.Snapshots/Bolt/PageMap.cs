using System.Numerics;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Two bits for every page below the high-water mark: whether it is in use, and whether it is in the freelist.
/// </summary>
internal sealed class PageMap(ulong pages)
{
    private const int PagesPerWord = 64;

    private readonly ulong[] _used = new ulong[Words(pages)];

    /// <summary>Empty until the first free page, because etcd stores no freelist.</summary>
    private ulong[] _free = [];

    public ulong Pages => pages;

    /// <summary>Marks a page as used. Returns false if it was already used.</summary>
    public bool TryUse(ulong page) => TrySet(_used, page);

    /// <summary>Marks a page as free. Returns false if it was already free.</summary>
    public bool TryFree(ulong page)
    {
        if (_free.Length == 0)
        {
            _free = new ulong[_used.Length];
        }

        return TrySet(_free, page);
    }

    public bool IsUsed(ulong page) => (_used[page / PagesPerWord] & Bit(page)) != 0;

    public bool IsFree(ulong page) => _free.Length > 0 && (_free[page / PagesPerWord] & Bit(page)) != 0;

    public ulong CountUsed()
    {
        ulong count = 0;
        foreach (ulong word in _used)
        {
            count += (ulong)BitOperations.PopCount(word);
        }

        return count;
    }

    /// <summary>Counts the pages that are not used and, if there is a freelist, are in it.</summary>
    public ulong CountFree()
    {
        if (_free.Length == 0)
        {
            return pages - CountUsed();
        }

        ulong count = 0;
        for (int i = 0; i < _used.Length; i++)
        {
            count += (ulong)BitOperations.PopCount(_free[i] & ~_used[i]);
        }

        return count;
    }

    /// <summary>Finds the next range of pages that are neither used nor free.</summary>
    /// <param name="from">The page to start at; set to the first page after the range.</param>
    /// <param name="first">The first page of the range.</param>
    /// <returns>False if there is no such range.</returns>
    public bool TryFindUnreachable(ref ulong from, out ulong first)
    {
        first = Next(from, isKnown: false);
        from = Next(first, isKnown: true);
        return first < pages;
    }

    /// <summary>
    /// Returns the first page at or after <paramref name="page"/> that is known (used or free) or unknown, or the end
    /// if there is none.
    /// </summary>
    private ulong Next(ulong page, bool isKnown)
    {
        while (page < pages)
        {
            ulong i = page / PagesPerWord;
            ulong known = _free.Length == 0 ? _used[i] : _used[i] | _free[i];
            ulong wanted = (isKnown ? known : ~known) >> (int)(page % PagesPerWord);
            if (wanted != 0)
            {
                return Math.Min(pages, page + (ulong)BitOperations.TrailingZeroCount(wanted));
            }

            page = (i + 1) * PagesPerWord;
        }

        return pages;
    }

    private static bool TrySet(ulong[] bits, ulong page)
    {
        ref ulong word = ref bits[page / PagesPerWord];
        ulong previous = word;
        word |= Bit(page);
        return word != previous;
    }

    private static ulong Bit(ulong page) => 1UL << (int)(page % PagesPerWord);

    private static int Words(ulong pages) => checked((int)((pages + PagesPerWord - 1) / PagesPerWord));
}
