using EtcdBackupAgent.Snapshots.Encoded;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>
/// Writes and reads entries: the keys of records, each relative to the one before it. The order of the entries is
/// strictly ascending by revision.
/// </summary>
/// <remarks>
/// <code>
/// token   varint   1 + (tombstone ? 1 : 0) + (explicit ? 2 : 0) + 4 × (main − previous main)
/// sub     varint   only if explicit: if it is neither the next one of the same main revision, nor 0 of another
/// </code>
/// </remarks>
internal sealed class EntryChain
{
    private const ulong Tombstone = 1;
    private const ulong ExplicitSub = 2;
    private const int FlagBits = 2;
    private const ulong FirstToken = 1;

    private Revision _previous = new(0, -1);

    /// <summary>Returns the reason why a key cannot be the next entry, or null if it can.</summary>
    public string? FindProblem(in Revision next) =>
        next.Main == _previous.Main && next.Sub == _previous.Sub ? $"revision {next} occurs twice"
        : next.Main < _previous.Main || (next.Main == _previous.Main && next.Sub < _previous.Sub)
            ? $"revision {next} is not above the previous one, {_previous}"
        : next.Main - _previous.Main > ChangesFormat.MainDifferenceMax
            ? $"revision {next} is too far above the previous one, {_previous}"
        : null;

    /// <summary>Writes the next entry, which has no problem, and returns its length in bytes.</summary>
    /// <param name="bytes">The target, at least <see cref="ChangesFormat.EntryBytesMax"/> bytes.</param>
    /// <param name="key">The key of the record.</param>
    public int Write(Span<byte> bytes, in RevisionKey key)
    {
        long step = key.Main - _previous.Main;
        bool isExplicit = key.Revision.Sub != ExpectedSub(step);
        ulong flags = (key.IsTombstone ? Tombstone : 0) + (isExplicit ? ExplicitSub : 0);
        int length = Varint.Write(bytes, FirstToken + flags + ((ulong)step << FlagBits));
        _previous = key.Revision;
        return isExplicit ? length + Varint.Write(bytes[length..], (ulong)key.Revision.Sub) : length;
    }

    /// <summary>Reads the next entry.</summary>
    /// <param name="bytes">The bytes; those after the entry are ignored.</param>
    /// <param name="key">The key of the record; null at the end of the list.</param>
    /// <param name="problem">The reason why there is no entry; null if there is one, or the end.</param>
    /// <returns>The length of the entry in bytes.</returns>
    public int Read(ReadOnlySpan<byte> bytes, out RevisionKey? key, out string? problem)
    {
        key = null;
        int length = Varint.Read(bytes, out ulong token, out problem);
        if (problem is not null || token == ChangesFormat.ListEnd)
        {
            return length;
        }

        ulong flags = token - FirstToken;
        ulong step = flags >> FlagBits;
        if (step > (ulong)Math.Min(ChangesFormat.MainDifferenceMax, long.MaxValue - _previous.Main))
        {
            problem = $"a revision is {step} above the previous one, {_previous}";
            return length;
        }

        long expected = ExpectedSub((long)step);
        ulong sub = (ulong)expected;
        if ((flags & ExplicitSub) != 0)
        {
            length += Varint.Read(bytes[length..], out sub, out problem);
            problem ??= sub == (ulong)expected ? "a sub revision is given that is the expected one" : null;
        }

        if (problem is null && sub > long.MaxValue)
        {
            problem = "a sub revision has more than 63 bits";
        }

        if (problem is not null)
        {
            return length;
        }

        Revision next = new(_previous.Main + (long)step, (long)sub);
        problem = FindProblem(next);
        key = new RevisionKey(next, (flags & Tombstone) != 0);
        _previous = next;
        return length;
    }

    private long ExpectedSub(long step) => step == 0 ? unchecked(_previous.Sub + 1) : 0;
}
