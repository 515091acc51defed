using System.Buffers;

namespace EtcdBackupAgent.Archive.Streams;

/// <summary>
/// The part of a source that was read and is not consumed yet: one pooled buffer, refilled only when it is empty.
/// </summary>
internal sealed class PulledInput(Stream source, int bufferBytes)
{
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(bufferBytes);
    private int _start;
    private int _end;

    /// <summary>
    /// The number of bytes of the source that were consumed: the offset of the first byte of <see cref="Unused"/>.
    /// </summary>
    public long Offset { get; private set; }

    /// <summary>Whether the end of the source is reached.</summary>
    public bool Ended { get; private set; }

    public ReadOnlySpan<byte> Unused => _buffer.AsSpan(_start, _end - _start);

    public void Use(int bytes)
    {
        _start += bytes;
        Offset += bytes;
    }

    public void Refill() => Reset(source.Read(_buffer));

    public async ValueTask RefillAsync(CancellationToken cancellationToken) =>
        Reset(await source.ReadAsync(_buffer, cancellationToken));

    public void Return() => ArrayPool<byte>.Shared.Return(_buffer);

    private void Reset(int bytes)
    {
        _start = 0;
        _end = bytes;
        Ended = bytes == 0;
    }
}
