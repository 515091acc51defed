namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// How big the parts of a multipart upload are when nobody knows how long the content will be: small first, so that little memory
/// does for what is common, and doubled every <see cref="PartsOfOneSize"/>, so that S3's longest object still fits S3's most parts.
/// </summary>
/// <remarks>
/// Parts 1 to 700 have 5 MiB (3 GiB together), the next 700 have 10 MiB (10 GiB), the next 20 MiB (23 GiB), the next 40 MiB
/// (51 GiB) and so on. A part is held in memory until the store has it, for it may have to be sent again. Up to 51 GiB all that are held together stay within
/// <see cref="MemoryBytesMax"/>; a longer object needs parts beyond that, which then go one at a time.
/// </remarks>
internal static class UploadPlan
{
    /// <summary>S3's limit (docs.aws.amazon.com, "Amazon S3 multipart upload limits").</summary>
    public const int PartsMax = 10_000;

    /// <summary>S3's limit of an object.</summary>
    public const long ObjectBytesMax = 5L << 40;

    /// <summary>
    /// Content shorter than this is stored in one request. It is the least that S3 allows for all parts but the last.
    /// </summary>
    public const int PartBytesMin = 5 << 20;

    /// <summary>The size from which on it grows no more: 10,000 parts then hold the longest object.</summary>
    public const int PartBytesMax = 1 << 30;

    public const int PartsOfOneSize = 700;

    /// <summary>Of the content of one object: parts on their way and the one being read.</summary>
    public const int MemoryBytesMax = 48 << 20;

    /// <summary>The size of a part, from number 1 to <see cref="PartsMax"/>.</summary>
    public static int PartBytes(int partNumber)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partNumber, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(partNumber, PartsMax);
        int doublings = (partNumber - 1) / PartsOfOneSize;
        return (int)Math.Min((long)PartBytesMin << doublings, PartBytesMax);
    }

    /// <summary>Whether a further part may be held beside those that are.</summary>
    public static bool Fits(long heldBytes, int partBytes) => heldBytes == 0 || heldBytes + partBytes <= MemoryBytesMax;
}
