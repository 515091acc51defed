namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>A set of small numbers, with one bit for each number up to the largest.</summary>
internal sealed class Bits
{
    private const int WordBits = 64;
    private ulong[] _words = [];

    public bool this[long index] =>
        index / WordBits < _words.Length && (_words[index / WordBits] & (1UL << (int)(index % WordBits))) != 0;

    public void Add(long index)
    {
        long word = index / WordBits;
        if (word >= _words.Length)
        {
            Array.Resize(ref _words, checked((int)Math.Max(word + 1, _words.Length * 2L)));
        }

        _words[word] |= 1UL << (int)(index % WordBits);
    }
}
