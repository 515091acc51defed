using System.Buffers.Binary;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>
/// Content of any length whose bytes are computed from their positions, so it needs no memory. It cannot seek and does
/// not report its length. At a given position it can fail or call back.
/// </summary>
public sealed class PatternStream(long length, int seed = 1) : Stream
{
    private const int BlockBytes = sizeof(ulong);

    private readonly byte[] _block = new byte[BlockBytes];
    private long _position;
    private bool _reached;

    /// <summary>
    /// The position at which <see cref="Reached"/> is called; later bytes are returned only after the call.
    /// </summary>
    public long At { get; init; } = -1;

    /// <summary>The callback. It may wait, or throw the exception with which the stream fails.</summary>
    public Func<CancellationToken, Task>? Reached { get; init; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <summary>Returns the whole content as an array.</summary>
    public static byte[] Bytes(long length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        using PatternStream pattern = new(length, seed);
        pattern.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Reads a stream to its end and compares it with the pattern, in little memory.</summary>
    /// <exception cref="InvalidDataException">
    /// The stream has other, more or fewer bytes; the message contains the position.
    /// </exception>
    public static async Task AssertEqualAsync(long length, Stream actual, int seed = 1)
    {
        await using PatternStream expected = new(length, seed);
        byte[] wanted = new byte[1 << 16];
        byte[] read = new byte[1 << 16];
        while (true)
        {
            long start = expected.Position;
            int count = await actual.ReadAtLeastAsync(read, read.Length, throwOnEndOfStream: false);
            int wantedCount = expected.Read(wanted, 0, wanted.Length);
            if (count != wantedCount || !wanted.AsSpan(0, wantedCount).SequenceEqual(read.AsSpan(0, count)))
            {
                throw new InvalidDataException(
                    $"From byte {start}: {count} bytes, expected {wantedCount}, or other bytes.");
            }

            if (count == 0)
            {
                return;
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Fill(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_position == At && !_reached)
        {
            _reached = true;
            await (Reached?.Invoke(cancellationToken) ?? Task.CompletedTask);
        }

        return Fill(buffer.Span);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
        // Nothing is ever written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Fill(Span<byte> buffer)
    {
        long end = _reached || At < _position ? length : Math.Min(At, length);
        int count = (int)Math.Min(buffer.Length, end - _position);
        for (int i = 0; i < count;)
        {
            // SplitMix64 of the block's number (Steele, Lea, Flood 2014).
            ulong mixed = ((ulong)seed << 48) + ((ulong)(_position / BlockBytes) * 0x9E3779B97F4A7C15);
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            BinaryPrimitives.WriteUInt64LittleEndian(_block, mixed ^ (mixed >> 31));
            int within = (int)(_position % BlockBytes);
            int taken = Math.Min(BlockBytes - within, count - i);
            _block.AsSpan(within, taken).CopyTo(buffer[i..]);
            i += taken;
            _position += taken;
        }

        return count;
    }
}
