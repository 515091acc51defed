using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Spilling;

/// <summary>
/// Reads its source ahead on a thread of its own, so that a slow reader does not hold it: into memory as far as that goes, and then into a
/// scratch file. What the source gives must be fit to lie on a disk.
/// </summary>
/// <remarks>
/// <para>
/// 1. A free buffer in memory takes the next block. 2. Without one the source waits for <see cref="Patience"/>: most readers are only uneven.
/// 3. Then, until the scratch file is empty again, blocks for which there is no buffer go there. 4. If it takes no more, the source is held until
/// the reader has made room. Blocks come out in the order in which they came in, wherever they were.
/// </para>
/// <para>
/// Memory: <see cref="MemoryBytesMax"/>.
/// </para>
/// </remarks>
public sealed class SpillStream : PumpedStream
{
    /// <summary>The most that is held in memory, the block on its way to the file and the one that came from there included.</summary>
    public const int MemoryBytesMax = (BuffersMax + 2) * BlockBytes;

    /// <summary>How long the source waits for its reader before blocks go to the scratch file.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private const int BlockBytes = 1 << 18;
    private const int BuffersMax = 14;

    private readonly TimeProvider _time;
    private readonly SpillOptions _options;
    private readonly Channel<byte[]> _empty = Channel.CreateUnbounded<byte[]>();
    private readonly Channel<Block> _filled = Channel.CreateUnbounded<Block>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Says that a place in the file has become free; that one has is all that counts.</summary>
    private readonly Channel<bool> _roomMade = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private SpillFile? _file;
    private byte[]? _toSpill;
    private byte[]? _fromSpill;
    private string? _whyNoFile;
    private string? _whyHeld;
    private TimeSpan _held;
    private bool _spilling;
    private int _buffersMade;
    private byte[]? _lent;

    public SpillStream(Stream source, SpillOptions options, TimeProvider time, bool leaveOpen)
        : base(source, leaveOpen)
    {
        _options = options;
        _time = time;
        _whyNoFile = options.Directory is null ? options.WhyNone : null;
        Start(PumpAsync);
    }

    /// <summary>What became of the source; final when it was read to its end.</summary>
    public SpillReport Report => new()
    {
        SpilledBytesMax = _file?.HeldBytesMax ?? 0,
        Held = _held,
        WhyHeld = _whyHeld,
    };

    protected override async ValueTask ReleaseAsync()
    {
        await base.ReleaseAsync();
        _file?.Dispose();
    }

    protected override async ValueTask<ReadOnlyMemory<byte>> NextBlockAsync(CancellationToken cancellationToken)
    {
        if (_lent is not null)
        {
            _empty.Writer.TryWrite(_lent);
            _lent = null;
        }

        if (!await _filled.Reader.WaitToReadAsync(cancellationToken) || !_filled.Reader.TryRead(out Block next))
        {
            return default;
        }

        if (next.Spilled is { } spilled)
        {
            _fromSpill ??= NewBuffer();
            _file!.Read(spilled, _fromSpill);
            _roomMade.Writer.TryWrite(true);
            return _fromSpill.AsMemory(0, spilled.Bytes);
        }

        _lent = next.Memory;
        return next.Memory.AsMemory(0, next.Bytes);
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever the source throws is for the reader.")]
    private async Task PumpAsync()
    {
        try
        {
            int bytes;
            do
            {
                byte[]? buffer = await BufferAsync();
                Memory<byte> block = buffer ?? (_toSpill ??= NewBuffer());
                bytes = await Source.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, Stopped);
                if (bytes > 0)
                {
                    _filled.Writer.TryWrite(buffer is not null ? new Block(buffer, bytes, null) : await PutAwayAsync(block[..bytes]));
                }
            }
            while (bytes == BlockBytes);

            _filled.Writer.Complete();
        }
        catch (Exception e)
        {
            _filled.Writer.Complete(e);
        }
    }

    /// <summary>A buffer in memory; null if the next block is to go to the file.</summary>
    private async ValueTask<byte[]?> BufferAsync()
    {
        // 1
        if (TryTakeBuffer() is { } free)
        {
            return free;
        }

        // 2
        _spilling &= _file?.IsEmpty != true;
        if (!_spilling && _whyNoFile is null && await FreedBufferAsync(Patience) is { } inTime)
        {
            return inTime;
        }

        // 3
        return (_spilling |= TryOpenFile()) ? null : await HeldBufferAsync();
    }

    private byte[]? TryTakeBuffer()
    {
        if (_empty.Reader.TryRead(out byte[]? buffer))
        {
            return buffer;
        }

        if (_buffersMade < BuffersMax)
        {
            _buffersMade++;
            return NewBuffer();
        }

        return null;
    }

    private async ValueTask<byte[]?> FreedBufferAsync(TimeSpan patience)
    {
        using CancellationTokenSource enough = new(patience, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, Stopped);
        try
        {
            return await _empty.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!Stopped.IsCancellationRequested)
        {
            return null;
        }
    }

    private async ValueTask<byte[]> HeldBufferAsync()
    {
        long since = Hold(_whyNoFile!);
        byte[] buffer = await _empty.Reader.ReadAsync(Stopped);
        _held += _time.GetElapsedTime(since);
        return buffer;
    }

    /// <summary>Puts a block into the file, or into memory as soon as there is room, where the file takes no more.</summary>
    private async ValueTask<Block> PutAwayAsync(Memory<byte> block)
    {
        if (_file!.TryWrite(block.Span) is { } spilled)
        {
            return new Block(null, spilled.Bytes, spilled);
        }

        // 4
        long since = Hold(_file.WhyNot!);
        try
        {
            while (true)
            {
                _roomMade.Reader.TryRead(out _);
                if (_empty.Reader.TryRead(out byte[]? buffer))
                {
                    block.Span.CopyTo(buffer);
                    return new Block(buffer, block.Length, null);
                }

                if (_file.TryWrite(block.Span) is { } later)
                {
                    return new Block(null, later.Bytes, later);
                }

                await Task.WhenAny(
                    _empty.Reader.WaitToReadAsync(Stopped).AsTask(), _roomMade.Reader.WaitToReadAsync(Stopped).AsTask());
                Stopped.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            _held += _time.GetElapsedTime(since);
        }
    }

    private long Hold(string why)
    {
        _whyHeld = why;
        return _time.GetTimestamp();
    }

    /// <summary>Opens the scratch file when it is needed for the first time. One that cannot be opened costs speed, and no backup.</summary>
    private bool TryOpenFile()
    {
        if (_file is not null || _whyNoFile is not null)
        {
            return _file is not null;
        }

        string directory = _options.Directory!;
        try
        {
            if (!_options.TakesMemory && new DriveInfo(directory).DriveFormat is "tmpfs" or "ramfs")
            {
                _whyNoFile = $"the scratch directory '{directory}' is itself in memory";
                return false;
            }

            _file = SpillFile.Create(directory, BlockBytes);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            _whyNoFile = $"the scratch directory '{directory}' cannot be used: {e.Message.TrimEnd('.')}";
            return false;
        }
    }

    private static byte[] NewBuffer() => GC.AllocateUninitializedArray<byte>(BlockBytes);

    private readonly record struct Block(byte[]? Memory, int Bytes, SpilledBlock? Spilled);
}
