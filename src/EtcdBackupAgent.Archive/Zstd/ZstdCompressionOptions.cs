namespace EtcdBackupAgent.Archive.Zstd;

/// <summary>How a stream is compressed. With all options, each frame has a checksum of its plain bytes.</summary>
public sealed record ZstdCompressionOptions
{
    /// <summary>
    /// The compression level: lower is faster, higher is smaller. zstd's default is 3; negative levels are the fastest.
    /// 20 to 22 use up to 1 GB of memory.
    /// </summary>
    public int Level { get; init; } = 3;

    /// <summary>
    /// The number of compression threads of libzstd; each uses some MB of memory. With 0, the reader's thread
    /// compresses.
    /// </summary>
    public int Workers { get; init; }

    /// <summary>
    /// The size of the source, if it is known. It is written to the frame's header, so readers know it in advance.
    /// Reading fails if the source has another size.
    /// </summary>
    public long? PledgedSizeBytes { get; init; }

    /// <summary>
    /// Checks that the installed libzstd supports these options. Each stream calls this; the program may call it at
    /// start.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A value is outside the range of the library. The message contains the option and the range.
    /// </exception>
    /// <exception cref="ZstdUnavailableException">
    /// The library is missing, or does not support worker threads although some are requested.
    /// </exception>
    public void Validate()
    {
        ZstdLibrary.Require();
        Require(nameof(Level), Level, ZstdCompressionParameter.Level);
        ZstdBounds workers = ZstdNative.CompressionBounds(ZstdCompressionParameter.Workers);
        if (Workers > 0 && (ZstdLibrary.IsError(workers.Code) || workers.Upper == 0))
        {
            throw new ZstdUnavailableException(
                $"{nameof(Workers)} is {Workers}, but the installed libzstd does not support threads: "
                + "only 0 is possible.");
        }

        Require(nameof(Workers), Workers, ZstdCompressionParameter.Workers);
        if (PledgedSizeBytes < 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(PledgedSizeBytes), PledgedSizeBytes, "A size must not be negative.");
        }
    }

    private static void Require(string name, int value, ZstdCompressionParameter parameter)
    {
        ZstdBounds bounds = ZstdNative.CompressionBounds(parameter);
        ZstdLibrary.Checked(bounds.Code);
        if (value < bounds.Lower || value > bounds.Upper)
        {
            throw new ArgumentOutOfRangeException(
                name, value, $"{name} of zstd must be from {bounds.Lower} to {bounds.Upper}.");
        }
    }
}
