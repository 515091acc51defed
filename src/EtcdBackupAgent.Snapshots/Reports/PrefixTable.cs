using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Snapshots.Reports;

/// <summary>Sums records by prefix, for a limited number of prefixes.</summary>
internal sealed class PrefixTable
{
    /// <summary>
    /// The most prefixes that are summed separately. A cluster has about one for each kind of its resources.
    /// </summary>
    public const int PrefixesMax = 4096;

    private readonly Dictionary<byte[], Sums> _sums = new(new BytesComparer());
    private readonly Dictionary<byte[], Sums>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly int _prefixesMax;
    private Sums _others;

    public PrefixTable(int prefixesMax = PrefixesMax)
    {
        _lookup = _sums.GetAlternateLookup<ReadOnlySpan<byte>>();
        _prefixesMax = prefixesMax;
    }

    /// <summary>The sum of the prefixes beyond the limit; null if there are none.</summary>
    public PrefixReport? Others => _others.Revisions == 0 ? null : _others.Report("");

    /// <summary>Adds one record.</summary>
    /// <param name="key">The key of the record.</param>
    /// <param name="liveKeys">The change in the number of existing keys: 1, 0 or -1.</param>
    /// <param name="bytes">The stored size of the record.</param>
    public void Add(ReadOnlySpan<byte> key, int liveKeys, long bytes)
    {
        ReadOnlySpan<byte> prefix = KeyPrefix.Of(key);
        if (_sums.Count >= _prefixesMax && !_lookup.ContainsKey(prefix))
        {
            _others.Add(liveKeys, bytes);
            return;
        }

        CollectionsMarshal.GetValueRefOrAddDefault(_lookup, prefix, out _).Add(liveKeys, bytes);
    }

    /// <summary>Returns the prefixes, the one with the most bytes first.</summary>
    public IReadOnlyList<PrefixReport> Reports() =>
    [
        .. _sums.Select(sum => sum.Value.Report(KeyPrefix.Text(sum.Key)))
            .OrderByDescending(report => report.Bytes)
            .ThenBy(report => report.Prefix, StringComparer.Ordinal),
    ];

    private struct Sums
    {
        public long LiveKeys { get; private set; }

        public long Revisions { get; private set; }

        public long Bytes { get; private set; }

        public void Add(int liveKeys, long bytes)
        {
            LiveKeys += liveKeys;
            Bytes += bytes;
            Revisions++;
        }

        public readonly PrefixReport Report(string prefix) =>
            new() { Prefix = prefix, LiveKeys = LiveKeys, Revisions = Revisions, Bytes = Bytes };
    }

    /// <summary>Compares prefixes with the bytes of a key, so that a known prefix is not copied.</summary>
    private sealed class BytesComparer
        : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)XxHash3.HashToUInt64(alternate);

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());
    }
}
