using System.Buffers;

namespace EtcdBackupAgent.Archive.Streams;

/// <summary>The part of a source that was read and is not used yet: one pooled buffer, refilled only when it is empty.</summary>
internal sealed class PulledInput(Stream source, int bufferBytes)
{
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(bufferBytes);
    private int _start;
    private int _end;

    /// <summary>Bytes of the source that were used so far: the offset of the first byte of <see cref="Unused"/>.</summary>
    public long Offset { get; private set; }

    /// <summary>The source has said that it has no more bytes.</summary>
    public bool Ended { get; private set; }

    public ReadOnlySpan<byte> Unused => _buffer.AsSpan(_start, _end - _start);

    public void Use(int bytes)
    {
        _start += bytes;
        Offset += bytes;
    }

    public void Refill() => Refilled(source.Read(_buffer));

    public async ValueTask RefillAsync(CancellationToken cancellationToken) =>
        Refilled(await source.ReadAsync(_buffer, cancellationToken));

    public void Return() => ArrayPool<byte>.Shared.Return(_buffer);

    private void Refilled(int bytes)
    {
        _start = 0;
        _end = bytes;
        Ended = bytes == 0;
    }
}
