namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>The bytes of one field of a valid database.</summary>
/// <param name="Structure">The structure that contains the field.</param>
/// <param name="Offset">The offset in the file.</param>
/// <param name="Length">The length in bytes.</param>
/// <param name="RevisionOffset">
/// The offset of the revision's key, for a key or a record of a revision; otherwise 0.
/// </param>
internal readonly record struct BoltField(BoltStructure Structure, long Offset, int Length, long RevisionOffset = 0);

/// <summary>The structure that contains a field.</summary>
internal enum BoltStructure
{
    Meta,

    /// <summary>Header and elements of a branch, without the keys.</summary>
    Branch,

    /// <summary>The number of a page in a branch's element.</summary>
    Child,
    BranchKey,

    /// <summary>Header and elements of a leaf, without keys and values.</summary>
    Leaf,

    /// <summary>The number of overflow pages in a header.</summary>
    Overflow,

    /// <summary>The root page of a bucket with pages of its own.</summary>
    BucketRoot,

    /// <summary>Header and elements of an inline bucket, and its root page, which is 0.</summary>
    InlineBucket,
    RevisionKey,

    /// <summary>An encoded record of the bucket <c>key</c>.</summary>
    KeyValue,

    /// <summary>Header and ids of a stored freelist.</summary>
    Freelist,
}
