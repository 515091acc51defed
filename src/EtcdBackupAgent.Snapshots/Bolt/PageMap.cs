using System.Numerics;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>Two bits for every page below the high-water mark: whether something uses it, and whether the freelist has it.</summary>
internal sealed class PageMap(ulong pages)
{
    private const int PagesPerWord = 64;

    private readonly ulong[] _used = new ulong[Words(pages)];

    /// <summary>Empty until the first free page: etcd stores no freelist.</summary>
    private ulong[] _free = [];

    public ulong Pages => pages;

    /// <summary>Marks a page as used; false if it was already.</summary>
    public bool TryUse(ulong page) => TrySet(_used, page);

    /// <summary>Marks a page as free; false if it was already.</summary>
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

    /// <summary>Pages that are not used, and of which the freelist, if there is one, says that they are free.</summary>
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

    /// <summary>Finds the next run of pages that are neither used nor free.</summary>
    /// <param name="from">Where to begin to look; then the first page after the run.</param>
    /// <param name="first">The run's first page.</param>
    /// <returns>False if there is none.</returns>
    public bool TryFindUnknown(ref ulong from, out ulong first)
    {
        first = Next(from, isKnown: false);
        from = Next(first, isKnown: true);
        return first < pages;
    }

    /// <summary>The first page from <paramref name="page"/> on that is known (used or free), or is not; the end if there is none.</summary>
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
        ulong before = word;
        word |= Bit(page);
        return word != before;
    }

    private static ulong Bit(ulong page) => 1UL << (int)(page % PagesPerWord);

    private static int Words(ulong pages) => checked((int)((pages + PagesPerWord - 1) / PagesPerWord));
}
