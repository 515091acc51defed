using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// One revision of one key, as stored in the bucket <c>key</c>. Its spans are valid until the reader moves.
/// </summary>
internal readonly ref struct RevisionEntry
{
    public required RevisionKey Key { get; init; }

    public required KeyValueRecord Record { get; init; }

    /// <summary>The key of the element, as stored.</summary>
    public required ReadOnlySpan<byte> RawKey { get; init; }

    /// <summary>The encoded record, as stored.</summary>
    public required ReadOnlySpan<byte> RawValue { get; init; }

    /// <summary>The place in the bucket, from 0.</summary>
    public required long Ordinal { get; init; }

    /// <summary>
    /// Whether this is the empty record without a key that <c>etcdutl snapshot restore --bump-revision</c> writes, so
    /// that later revisions continue from it.
    /// </summary>
    public bool IsBump => RawValue.IsEmpty && !Key.IsTombstone;

    public bool IsPut => !Key.IsTombstone && !IsBump;

    /// <summary>Decodes the element at a cursor of the bucket <c>key</c>.</summary>
    /// <param name="cursor">The cursor, at an element.</param>
    /// <param name="ordinal">The place of the element in the bucket.</param>
    /// <param name="entry">Undefined if it cannot be decoded.</param>
    /// <param name="problem">The reason why it cannot be decoded; null if it can.</param>
    public static bool TryRead(BoltCursor cursor, long ordinal, out RevisionEntry entry, out string? problem)
    {
        entry = default;
        ReadOnlySpan<byte> rawKey = cursor.Key;
        if (!RevisionKey.TryRead(rawKey, out RevisionKey key))
        {
            problem = $"the key {Convert.ToHexStringLower(rawKey[..Math.Min(rawKey.Length, 32)])} is not a revision";
            return false;
        }

        if (cursor.IsBucket)
        {
            problem = $"revision {key.Revision} is a bucket";
            return false;
        }

        ReadOnlySpan<byte> rawValue = cursor.Value;
        if (!KeyValueRecord.TryRead(rawValue, out KeyValueRecord record, out problem))
        {
            problem = $"revision {key.Revision} is not a key-value record: {problem}";
            return false;
        }

        entry = new RevisionEntry
        {
            Key = key,
            Record = record,
            RawKey = rawKey,
            RawValue = rawValue,
            Ordinal = ordinal,
        };
        return true;
    }
}
