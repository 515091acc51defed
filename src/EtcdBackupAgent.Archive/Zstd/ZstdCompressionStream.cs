using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Zstd;

/// <summary>Reads the source compressed as one zstd frame (RFC 8878) with a content checksum.</summary>
/// <remarks>
/// Memory: libzstd's context (about 1 MB at level 3, see <see cref="ZstdCompressionOptions"/>) and one input buffer of
/// 128 KiB. The source is read to its end before the last compressed byte is returned.
/// </remarks>
public sealed class ZstdCompressionStream : PullStream
{
    private readonly ZstdCompressionContext _context;
    private readonly PulledInput _input;
    private readonly long? _pledgedBytes;
    private bool _finished;

    /// <summary>Creates the stream; reads nothing from the source yet.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="ZstdUnavailableException">The library is missing, or does not support an option.</exception>
    public ZstdCompressionStream(Stream source, ZstdCompressionOptions options)
        : base(source)
    {
        options.Validate();
        _pledgedBytes = options.PledgedSizeBytes;
        _context = ZstdNative.CreateCompressionContext();
        try
        {
            Configure(options);
        }
        catch
        {
            _context.Dispose();
            throw;
        }

        _input = new PulledInput(source, (int)ZstdNative.CompressionInputSize());
    }

    /// <inheritdoc />
    protected override int Pull(Span<byte> buffer)
    {
        int written;
        while (!TryCompress(buffer, out written))
        {
            _input.Refill();
        }

        return written;
    }

    /// <inheritdoc />
    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int written;
        while (!TryCompress(buffer.Span, out written))
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

    private void Configure(ZstdCompressionOptions options)
    {
        if (_context.IsInvalid)
        {
            throw ZstdLibrary.OutOfMemory("a compressor");
        }

        Set(ZstdCompressionParameter.Level, options.Level);
        Set(ZstdCompressionParameter.ChecksumFlag, 1);
        if (options.Workers > 0)
        {
            Set(ZstdCompressionParameter.Workers, options.Workers);
        }

        if (options.PledgedSizeBytes is { } bytes)
        {
            ZstdLibrary.Checked(ZstdNative.SetPledgedSourceSize(_context, (ulong)bytes));
        }
    }

    private void Set(ZstdCompressionParameter parameter, int value) =>
        ZstdLibrary.Checked(ZstdNative.SetParameter(_context, parameter, value));

    /// <summary>Returns false if more of the source must be read before anything can be written.</summary>
    private bool TryCompress(Span<byte> buffer, out int written)
    {
        written = 0;
        while (!_finished && written == 0)
        {
            if (_input.Unused.IsEmpty && !_input.Ended)
            {
                return false;
            }

            CheckPledge();
            nuint unflushed = Compress(buffer, out written);
            _finished = _input.Ended && unflushed == 0;
        }

        return true;
    }

    private unsafe nuint Compress(Span<byte> buffer, out int written)
    {
        fixed (byte* source = _input.Unused)
        fixed (byte* target = buffer)
        {
            ZstdBuffer input = new(source, _input.Unused.Length);
            ZstdBuffer output = new(target, buffer.Length);
            ZstdDirective directive = _input.Ended ? ZstdDirective.End : ZstdDirective.Continue;
            nuint unflushed = ZstdLibrary.Checked(
                ZstdNative.CompressStream(_context, ref output, ref input, directive));
            _input.Use(input.Position);
            written = output.Position;
            return unflushed;
        }
    }

    private void CheckPledge()
    {
        long soFar = _input.Offset + _input.Unused.Length;
        if (_pledgedBytes is { } pledged && (soFar > pledged || (_input.Ended && soFar < pledged)))
        {
            throw new IOException(
                $"The source to compress has {soFar} bytes{(_input.Ended ? "" : " or more")}; "
                + $"{pledged} were expected.");
        }
    }
}
