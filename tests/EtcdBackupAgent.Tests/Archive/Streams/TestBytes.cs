namespace EtcdBackupAgent.Tests.Archive.Streams;

/// <summary>Test content: the same for the same seed, about half of it compressible.</summary>
internal static class TestBytes
{
    public static byte[] Mixed(int seed, int length)
    {
        Random random = new(seed);
        byte[] bytes = new byte[length];
        for (int start = 0; start < length;)
        {
            Span<byte> run = bytes.AsSpan(start, Math.Min(random.Next(1, 5000), length - start));
            if (random.Next(2) == 0)
            {
                random.NextBytes(run);
            }
            else
            {
                run.Fill((byte)random.Next(256));
            }

            start += run.Length;
        }

        return bytes;
    }

    /// <summary>Reads to the end in pieces of the given sizes, in turn. Every second read is asynchronous.</summary>
    public static async Task<byte[]> ReadInPiecesAsync(Stream stream, params int[] pieceBytes)
    {
        using MemoryStream all = new();
        byte[] piece = new byte[pieceBytes.Max()];
        for (int turn = 0; ; turn++)
        {
            Memory<byte> buffer = piece.AsMemory(0, pieceBytes[turn % pieceBytes.Length]);
            int bytes = turn % 2 == 0 ? stream.Read(buffer.Span) : await stream.ReadAsync(buffer);
            if (bytes == 0)
            {
                return all.ToArray();
            }

            all.Write(buffer.Span[..bytes]);
        }
    }
}

/// <summary>
/// A source that behaves like a network: it returns fewer bytes than requested, and a different number each time.
/// </summary>
internal sealed class RaggedStream(byte[] content, int seed) : MemoryStream(content, writable: false)
{
    private readonly Random _random = new(seed);

    public override int Read(Span<byte> buffer) => base.Read(Cut(buffer));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, _random.Next(1, 70_000))], cancellationToken);

    private Span<byte> Cut(Span<byte> buffer) => buffer[..Math.Min(buffer.Length, _random.Next(1, 70_000))];
}

/// <summary>
/// A source of any length in constant memory: it repeats one block of random bytes and writes the offset at the start
/// of each repetition.
/// </summary>
internal sealed class EndlessBytes(long length) : Stream
{
    private readonly byte[] _block = TestBytes.Mixed(seed: 7, length: 1 << 20);
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int offset = (int)(_position % _block.Length);
        if (offset == 0)
        {
            BitConverter.TryWriteBytes(_block, _position);
        }

        int bytes = (int)Math.Min(Math.Min(buffer.Length, _block.Length - offset), length - _position);
        _block.AsSpan(offset, bytes).CopyTo(buffer);
        _position += bytes;
        return bytes;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
