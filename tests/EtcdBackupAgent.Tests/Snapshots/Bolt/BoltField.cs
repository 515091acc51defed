namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>Some bytes of a sound database that mean one thing.</summary>
/// <param name="Structure">What they belong to.</param>
/// <param name="Offset">Where they are in the file.</param>
/// <param name="Length">How many they are.</param>
/// <param name="RevisionOffset">Of a revision's key or record: where its key is; 0 of anything else.</param>
internal readonly record struct BoltField(BoltStructure Structure, long Offset, int Length, long RevisionOffset = 0);

/// <summary>What a field belongs to.</summary>
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

    /// <summary>A header's number of pages that follow.</summary>
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
