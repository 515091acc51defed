using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Zstd;

/// <summary>
/// Reading gives the plain bytes of one or more zstd frames that follow one another to the end of the source. The end is
/// reached only when every frame was whole, its checksum right, and nothing came after.
/// </summary>
/// <remarks>Memory: at most the largest window, <see cref="WindowLogMax"/>, and one input buffer of 128 KiB.</remarks>
public sealed class ZstdDecompressionStream : PullStream
{
    /// <summary>Binary logarithm of the largest window in bytes that is accepted: 128 MiB, the limit of <c>zstd -d</c> as well.</summary>
    public const int WindowLogMax = 27;

    /// <summary>Bytes from which libzstd knows how long a frame's header is (<c>ZSTD_FRAMEHEADERSIZE_MIN</c> is not larger).</summary>
    private const int FrameStartBytes = 5;

    private readonly ZstdDecompressionContext _context;
    private readonly PulledInput _input;
    private nuint _wanted;
    private bool _holdsPlainBytes;
    private ArchiveDamagedException? _damage;

    /// <summary>Reads nothing of the source yet.</summary>
    /// <exception cref="ZstdUnavailableException">The library is missing.</exception>
    public ZstdDecompressionStream(Stream source, bool leaveOpen)
        : base(source, leaveOpen)
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

    /// <summary>Between two frames, or before the first.</summary>
    private bool BetweenFrames => _wanted == 0;

    protected override int Pull(Span<byte> buffer)
    {
        int written;
        while (!TryDecompress(buffer, out written))
        {
            _input.Refill();
        }

        return written;
    }

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int written;
        while (!TryDecompress(buffer.Span, out written))
        {
            await _input.RefillAsync(cancellationToken);
        }

        return written;
    }

    protected override void Release()
    {
        _context.Dispose();
        _input.Return();
    }

    /// <summary>False: nothing can be written before more of the source is read.</summary>
    private bool TryDecompress(Span<byte> buffer, out int written)
    {
        written = 0;
        if (_damage is not null)
        {
            throw new ArchiveDamagedException(_damage.Message, _damage);
        }

        while (written == 0)
        {
            if (_input.Unused.IsEmpty && !_holdsPlainBytes)
            {
                if (_input.Ended)
                {
                    ThrowIfCutShort();
                }

                return _input.Ended;
            }

            written = Decompress(buffer);
        }

        return true;
    }

    /// <summary>
    /// Decompresses no further than libzstd's hint, which is the end of the next header or block: so an error belongs to the
    /// offset at which that header or block begins.
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
            _holdsPlainBytes = !BetweenFrames && output.Position == buffer.Length;
            _input.Use(input.Position);
            return output.Position;
        }
    }

    private void ThrowIfCutShort()
    {
        if (!BetweenFrames)
        {
            throw Damaged("it ends in the middle of a frame");
        }

        if (_input.Offset == 0)
        {
            throw Damaged("there is no frame, not one byte");
        }
    }

    private ArchiveDamagedException Damaged(string what) =>
        _damage = new ArchiveDamagedException($"The zstd stream is damaged at byte offset {_input.Offset}: {what}.");
}
