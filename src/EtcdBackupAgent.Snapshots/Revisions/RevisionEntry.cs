namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>One revision of one key, as the bucket <c>key</c> holds it. Its spans are valid until the reader moves.</summary>
internal readonly ref struct RevisionEntry
{
    public required RevisionKey Key { get; init; }

    public required KeyValueRecord Record { get; init; }

    /// <summary>The bucket's key, as stored.</summary>
    public required ReadOnlySpan<byte> RawKey { get; init; }

    /// <summary>The encoded record, as stored.</summary>
    public required ReadOnlySpan<byte> RawValue { get; init; }

    /// <summary>Its place in the bucket, from 0 on.</summary>
    public required long Ordinal { get; init; }

    /// <summary>
    /// The empty record that <c>etcdutl snapshot restore --bump-revision</c> leaves, for no key, so that revisions go on from there.
    /// </summary>
    public bool IsBump => RawValue.IsEmpty && !Key.IsTombstone;

    public bool IsPut => !Key.IsTombstone && !IsBump;
}
