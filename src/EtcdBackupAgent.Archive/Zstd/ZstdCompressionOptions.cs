namespace EtcdBackupAgent.Archive.Zstd;

/// <summary>How a stream is compressed. Whatever is chosen, each frame carries a checksum of its plain bytes.</summary>
public sealed record ZstdCompressionOptions
{
    /// <summary>From quick to small; zstd's own default is 3, negative levels are quicker yet. 20 to 22 use up to 1 GB of memory.</summary>
    public int Level { get; init; } = 3;

    /// <summary>Threads of libzstd that compress, each with some MB of memory; 0: the reader's own thread compresses.</summary>
    public int Workers { get; init; }

    /// <summary>
    /// Plain bytes the source will have, if that is known: written to the frame's header, so that readers know it in advance.
    /// A source that turns out otherwise fails the reading.
    /// </summary>
    public long? PledgedSizeBytes { get; init; }

    /// <summary>Fails if the machine's libzstd cannot do what is asked; each stream calls it, a start of the program may.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside of what the library takes; the message names both.</exception>
    /// <exception cref="ZstdUnavailableException">The library is missing, or has no worker threads and some are asked for.</exception>
    public void Validate()
    {
        ZstdLibrary.Require();
        Require(nameof(Level), Level, ZstdCompressionParameter.Level);
        ZstdBounds workers = ZstdNative.CompressionBounds(ZstdCompressionParameter.Workers);
        if (Workers > 0 && (ZstdLibrary.IsError(workers.Code) || workers.Upper == 0))
        {
            throw new ZstdUnavailableException(
                $"{nameof(Workers)} is {Workers}, but this machine's libzstd was built without threads: only 0 works.");
        }

        Require(nameof(Workers), Workers, ZstdCompressionParameter.Workers);
        if (PledgedSizeBytes < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(PledgedSizeBytes), PledgedSizeBytes, "A size is not negative.");
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
