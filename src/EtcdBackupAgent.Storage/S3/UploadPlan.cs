namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// The sizes of the parts of a multipart upload whose length is not known: one size for common lengths, doubled every
/// <see cref="PartsOfOneSize"/>, so that S3's longest object fits into S3's maximum number of parts.
/// </summary>
/// <remarks>
/// By default parts 1 to 700 have 12 MiB (8 GiB together), the next 700 have 24 MiB (16 GiB), the next 48 MiB (33 GiB)
/// and so on. A part stays in memory until the store has it, because it may have to be sent again. Up to 57 GiB, all
/// parts in memory together stay within <see cref="MemoryBytesMax"/>; a longer object needs larger parts, which are
/// then sent one at a time.
/// </remarks>
/// <param name="FirstPartBytes">
/// Content shorter than this is stored in one request; at least <see cref="PartBytesMin"/>.
/// </param>
internal sealed record UploadPlan(int FirstPartBytes)
{
    /// <summary>S3's maximum number of parts (docs.aws.amazon.com, "Amazon S3 multipart upload limits").</summary>
    public const int PartsMax = 10_000;

    /// <summary>S3's maximum size of an object.</summary>
    public const long ObjectBytesMax = 5L << 40;

    /// <summary>S3's minimum size of all parts but the last.</summary>
    public const int PartBytesMin = 5 << 20;

    /// <summary>The maximum size of a part: with it, 10,000 parts can contain the longest object.</summary>
    public const int PartBytesMax = 1 << 30;

    public const int PartsOfOneSize = 700;

    /// <summary>
    /// The memory for the content of one object: the parts that are being sent and the one that is being read.
    /// </summary>
    public const int MemoryBytesMax = 48 << 20;

    /// <summary>
    /// A part of three 4 MiB pieces, in which Ceph's gateway stores a part. Each part costs a server work in addition
    /// to its bytes (<c>docs/performance.md</c>). Three parts, two being sent and one being read, stay well within the
    /// memory limit.
    /// </summary>
    public static UploadPlan Default { get; } = new(12 << 20);

    /// <summary>Returns the size of a part, from number 1 to <see cref="PartsMax"/>.</summary>
    public int PartBytes(int partNumber)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partNumber, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(partNumber, PartsMax);
        int doublings = (partNumber - 1) / PartsOfOneSize;
        return (int)Math.Min((long)FirstPartBytes << doublings, PartBytesMax);
    }

    /// <summary>Returns whether another part fits into memory beside the existing ones.</summary>
    public static bool Fits(long heldBytes, int partBytes) => heldBytes == 0 || heldBytes + partBytes <= MemoryBytesMax;
}
