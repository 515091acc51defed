namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// How big the parts of a multipart upload are when nobody knows how long the content will be: of one size for what is common, and
/// doubled every <see cref="PartsOfOneSize"/>, so that S3's longest object still fits S3's most parts.
/// </summary>
/// <remarks>
/// By default parts 1 to 700 have 12 MiB (8 GiB together), the next 700 have 24 MiB (16 GiB), the next 48 MiB (33 GiB) and so on. A
/// part is held in memory until the store has it, for it may have to be sent again. Up to 57 GiB all that are held together stay
/// within <see cref="MemoryBytesMax"/>; a longer object needs parts beyond that, which then go one at a time.
/// </remarks>
/// <param name="FirstPartBytes">Content shorter than this is stored in one request; at least <see cref="PartBytesMin"/>.</param>
internal sealed record UploadPlan(int FirstPartBytes)
{
    /// <summary>S3's limit (docs.aws.amazon.com, "Amazon S3 multipart upload limits").</summary>
    public const int PartsMax = 10_000;

    /// <summary>S3's limit of an object.</summary>
    public const long ObjectBytesMax = 5L << 40;

    /// <summary>The least that S3 allows for all parts but the last.</summary>
    public const int PartBytesMin = 5 << 20;

    /// <summary>The size from which on it grows no more: 10,000 parts then hold the longest object.</summary>
    public const int PartBytesMax = 1 << 30;

    public const int PartsOfOneSize = 700;

    /// <summary>Of the content of one object: parts on their way and the one being read.</summary>
    public const int MemoryBytesMax = 48 << 20;

    /// <summary>
    /// Three whole pieces of the 4 MiB in which Ceph's gateway stores a part: each part costs a server work beside its bytes
    /// (<c>docs/performance.md</c>). Three parts, two on their way and one being read, stay well within the memory.
    /// </summary>
    public static UploadPlan Default { get; } = new(12 << 20);

    /// <summary>The size of a part, from number 1 to <see cref="PartsMax"/>.</summary>
    public int PartBytes(int partNumber)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partNumber, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(partNumber, PartsMax);
        int doublings = (partNumber - 1) / PartsOfOneSize;
        return (int)Math.Min((long)FirstPartBytes << doublings, PartBytesMax);
    }

    /// <summary>Whether a further part may be held beside those that are.</summary>
    public static bool Fits(long heldBytes, int partBytes) => heldBytes == 0 || heldBytes + partBytes <= MemoryBytesMax;
}
