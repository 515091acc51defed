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
}
