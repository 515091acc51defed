using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Zstd;

/// <summary>
/// Reads the plain bytes of one or more consecutive zstd frames up to the end of the source. The stream ends only if
/// every frame is complete, every checksum is correct and no data follows.
/// </summary>
/// <remarks>Memory: at most the largest window, <see cref="WindowLogMax"/>, and one input buffer of 128 KiB.</remarks>
public sealed class ZstdDecompressionStream : PullStream
{
    /// <summary>
    /// The binary logarithm of the largest window in bytes that is accepted: 128 MiB, as for <c>zstd -d</c>.
    /// </summary>
    public const int WindowLogMax = 27;

    /// <summary>
    /// The number of bytes from which libzstd can determine the length of a frame's header
    /// (<c>ZSTD_FRAMEHEADERSIZE_MIN</c> is not larger).
    /// </summary>
    private const int FrameStartBytes = 5;

    private readonly ZstdDecompressionContext _context;
    private readonly PulledInput _input;
    private nuint _wanted;
    private bool _hasMoreOutput;
    private ArchiveDamagedException? _damage;

    /// <summary>Creates the stream; reads nothing from the source yet.</summary>
    /// <exception cref="ZstdUnavailableException">The library is missing.</exception>
    public ZstdDecompressionStream(Stream source)
        : base(source)
    {
        ZstdLibrary.Require();
        _context = ZstdNative.CreateDecompressionContext();
        if (_context.IsInvalid)
        {
            throw ZstdLibrary.OutOfMemory("a decompressor");
        }

        ZstdLibrary.Checked(
            ZstdNative.SetParameter(_context, ZstdDecompressionParameter.WindowLogMax, WindowLogMax));
        _input = new PulledInput(source, (int)ZstdNative.DecompressionInputSize());
    }

    /// <summary>Whether the position is between two frames or before the first.</summary>
    private bool BetweenFrames => _wanted == 0;

    /// <inheritdoc />
    protected override int Pull(Span<byte> buffer)
    {
        int written;
        while (!TryDecompress(buffer, out written))
        {
            _input.Refill();
        }

        return written;
    }

    /// <inheritdoc />
    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int written;
        while (!TryDecompress(buffer.Span, out written))
        {
            await _input.RefillAsync(cancellationToken);
        }

        return written;
    }

    /// <inheritdoc />
    protected override void Release()
    {
        _context.Dispose();
        _input.Return();
    }

    /// <summary>Returns false if more of the source must be read before anything can be written.</summary>
    private bool TryDecompress(Span<byte> buffer, out int written)
    {
        written = 0;
        if (_damage is not null)
        {
            throw new ArchiveDamagedException(_damage.Message, _damage);
        }

        while (written == 0)
        {
            if (_input.Unused.IsEmpty && !_hasMoreOutput)
            {
                if (_input.Ended)
                {
                    ThrowIfTruncated();
                }

                return _input.Ended;
            }

            written = Decompress(buffer);
        }

        return true;
    }

    /// <summary>
    /// Decompresses only up to libzstd's hint, the end of the next header or block, so the offset of an error is the
    /// beginning of that header or block.
    /// </summary>
    private unsafe int Decompress(Span<byte> buffer)
    {
        int wanted = BetweenFrames ? FrameStartBytes : (int)nuint.Min(_wanted, int.MaxValue);
        ReadOnlySpan<byte> next = _input.Unused[..Math.Min(wanted, _input.Unused.Length)];
        fixed (byte* source = next)
        fixed (byte* target = buffer)
        {
            ZstdBuffer input = new(source, next.Length);
            ZstdBuffer output = new(target, buffer.Length);
            nuint code = ZstdNative.DecompressStream(_context, ref output, ref input);
            if (ZstdLibrary.IsError(code))
            {
                throw ZstdLibrary.IsOutOfMemory(code)
                    ? ZstdLibrary.OutOfMemory("the window of a frame")
                    : Damaged(ZstdLibrary.ErrorName(code));
            }

            _wanted = code;
            _hasMoreOutput = !BetweenFrames && output.Position == buffer.Length;
            _input.Use(input.Position);
            return output.Position;
        }
    }

    private void ThrowIfTruncated()
    {
        if (!BetweenFrames)
        {
            throw Damaged("it ends in the middle of a frame");
        }

        if (_input.Offset == 0)
        {
            throw Damaged("it is empty");
        }
    }

    private ArchiveDamagedException Damaged(string what) =>
        _damage = new ArchiveDamagedException($"The zstd stream is damaged at byte offset {_input.Offset}: {what}.");
}
