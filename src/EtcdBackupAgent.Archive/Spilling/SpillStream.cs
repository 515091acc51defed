using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Spilling;

/// <summary>
/// Reads ahead of its reader in the background, so that a slow reader does not delay the source: first into memory,
/// then into a scratch file. The data of the source must be safe to write to a disk.
/// </summary>
/// <remarks>
/// <para>
/// 1. The next block goes to a free buffer in memory.
/// 2. If there is none, the source waits for <see cref="SpillDelay"/>: most readers only pause for a short time.
/// 3. After that, blocks without a free buffer go to the scratch file, until the scratch file is empty again.
/// 4. If the scratch file refuses a block, the source is delayed until the reader frees space.
/// </para>
/// <para>Blocks are returned in the order in which they were read, wherever they were stored.</para>
/// <para>Memory: <see cref="MemoryBytesMax"/>.</para>
/// </remarks>
public sealed class SpillStream : PumpedStream
{
    /// <summary>
    /// The largest amount of memory that is used, including the block that is being written to the file and the one
    /// that is being read from it.
    /// </summary>
    public const int MemoryBytesMax = (BuffersMax + 2) * BlockBytes;

    /// <summary>The time that the source waits for its reader before blocks go to the scratch file.</summary>
    public static readonly TimeSpan SpillDelay = TimeSpan.FromMilliseconds(500);

    private const int BlockBytes = 1 << 18;
    private const int BuffersMax = 14;

    private readonly TimeProvider _time;
    private readonly SpillOptions _options;
    private readonly Channel<byte[]> _empty = Channel.CreateUnbounded<byte[]>();
    private readonly Channel<Block> _filled = Channel.CreateUnbounded<Block>(
        new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Signals that a slot in the file has become free. One pending signal is enough.</summary>
    private readonly Channel<bool> _slotFreed = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private SpillFile? _file;
    private byte[]? _toSpill;
    private byte[]? _fromSpill;
    private string? _noFileReason;
    private string? _delayReason;
    private TimeSpan _delay;
    private bool _spilling;
    private int _buffersMade;
    private byte[]? _lent;

    public SpillStream(Stream source, SpillOptions options, TimeProvider time)
        : base(source)
    {
        _options = options;
        _time = time;
        _noFileReason = options.Directory is null ? options.NoDirectoryReason : null;
        Start(PumpAsync);
    }

    /// <summary>What happened so far; final once the stream is read to its end.</summary>
    public SpillReport Report => new()
    {
        SpilledBytesMax = _file?.StoredBytesMax ?? 0,
        Delay = _delay,
        DelayReason = _delayReason,
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
            _slotFreed.Writer.TryWrite(true);
            return _fromSpill.AsMemory(0, spilled.Bytes);
        }

        _lent = next.Memory;
        return next.Memory.AsMemory(0, next.Bytes);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The reader gets any exception of the source.")]
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
                    _filled.Writer.TryWrite(
                        buffer is not null ? new Block(buffer, bytes, null) : await SpillAsync(block[..bytes]));
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

    /// <summary>Returns a buffer in memory, or null if the next block must go to the file.</summary>
    private async ValueTask<byte[]?> BufferAsync()
    {
        // 1
        if (TryTakeBuffer() is { } free)
        {
            return free;
        }

        // 2
        _spilling &= _file?.IsEmpty != true;
        if (!_spilling && _noFileReason is null && await TryWaitForBufferAsync(SpillDelay) is { } inTime)
        {
            return inTime;
        }

        // 3
        return (_spilling |= TryOpenFile()) ? null : await WaitForBufferAsync();
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

    private async ValueTask<byte[]?> TryWaitForBufferAsync(TimeSpan timeout)
    {
        using CancellationTokenSource expired = new(timeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(expired.Token, Stopped);
        try
        {
            return await _empty.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!Stopped.IsCancellationRequested)
        {
            return null;
        }
    }

    private async ValueTask<byte[]> WaitForBufferAsync()
    {
        long since = BeginDelay(_noFileReason!);
        byte[] buffer = await _empty.Reader.ReadAsync(Stopped);
        _delay += _time.GetElapsedTime(since);
        return buffer;
    }

    /// <summary>
    /// Stores a block in the file. If the file refuses it, waits for a free buffer in memory or a free slot in the
    /// file.
    /// </summary>
    private async ValueTask<Block> SpillAsync(Memory<byte> block)
    {
        if (_file!.TryWrite(block.Span) is { } spilled)
        {
            return new Block(null, spilled.Bytes, spilled);
        }

        // 4
        long since = BeginDelay(_file.RefusalReason!);
        try
        {
            while (true)
            {
                _slotFreed.Reader.TryRead(out _);
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
                    _empty.Reader.WaitToReadAsync(Stopped).AsTask(),
                    _slotFreed.Reader.WaitToReadAsync(Stopped).AsTask());
                Stopped.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            _delay += _time.GetElapsedTime(since);
        }
    }

    private long BeginDelay(string reason)
    {
        _delayReason = reason;
        return _time.GetTimestamp();
    }

    /// <summary>
    /// Opens the scratch file when it is first needed. If it cannot be opened, the backup is slower but does not fail.
    /// </summary>
    private bool TryOpenFile()
    {
        if (_file is not null || _noFileReason is not null)
        {
            return _file is not null;
        }

        string directory = _options.Directory!;
        try
        {
            if (!_options.AllowsMemory && new DriveInfo(directory).DriveFormat is "tmpfs" or "ramfs")
            {
                _noFileReason = $"the scratch directory '{directory}' is itself in memory";
                return false;
            }

            _file = SpillFile.Create(directory, BlockBytes);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            _noFileReason = $"the scratch directory '{directory}' cannot be used: {e.Message.TrimEnd('.')}";
            return false;
        }
    }

    private static byte[] NewBuffer() => GC.AllocateUninitializedArray<byte>(BlockBytes);

    private readonly record struct Block(byte[]? Memory, int Bytes, SpilledBlock? Spilled);
}
