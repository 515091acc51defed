using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Tables;

namespace EtcdBackupAgent.Objects.Encryption;

/// <summary>
/// Counts the values of a snapshot that an API server encrypted at rest, history included: what has to be kept besides
/// the snapshot to read it. A value that is not encrypted costs a comparison of its first bytes.
/// </summary>
public sealed class EncryptionCounts
{
    /// <summary>The most combinations of a resource and a key that are counted separately.</summary>
    public const int CombinationsMax = 1000;

    private readonly StorageKeys _places = new(FieldTable.Kubernetes);
    private readonly Dictionary<(string Resource, EncryptedValue Encryption), long> _values = [];

    /// <summary>The values that are not counted separately.</summary>
    public long Others { get; private set; }

    /// <summary>Adds a value.</summary>
    /// <param name="key">Its key in etcd.</param>
    /// <param name="value">The value, encrypted or not.</param>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (EncryptedValue.Read(value) is not { } encryption)
        {
            return;
        }

        _places.Read(key, out StorageKey? place);
        (string, EncryptedValue) combination = (place?.Resource.ToString() ?? "", encryption);
        if (_values.Count < CombinationsMax || _values.ContainsKey(combination))
        {
            _values[combination] = _values.GetValueOrDefault(combination) + 1;
        }
        else
        {
            Others++;
        }
    }

    /// <summary>Returns the counts, by resource, then by provider and key.</summary>
    public IReadOnlyList<EncryptionCount> Read() =>
    [
        .. _values.Select(pair => new EncryptionCount(pair.Key.Resource, pair.Key.Encryption, pair.Value))
            .OrderBy(count => count.Resource, StringComparer.Ordinal)
            .ThenBy(count => count.Encryption.ToString(), StringComparer.Ordinal),
    ];
}

/// <summary>How many values of a resource are encrypted with a key.</summary>
/// <param name="Resource">The resource; empty for keys that are not those of an object.</param>
/// <param name="Encryption">The provider and the key.</param>
/// <param name="Values">The number of stored values, history included.</param>
public sealed record EncryptionCount(string Resource, EncryptedValue Encryption, long Values);
