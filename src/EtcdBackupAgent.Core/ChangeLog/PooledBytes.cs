using System.Buffers;
using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Core.ChangeLog;

/// <summary>
/// Plain bytes in a pooled array: written first, then read once. Segments are too large for the small heap and too many
/// for the large one.
/// </summary>
internal sealed class PooledBytes(int initialBytes) : ForwardOnlyStream
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Math.Max(initialBytes, 1));
    private int _length;
    private int _position;

    /// <summary>The number of bytes that were written.</summary>
    public int WrittenBytes => _length;

    /// <summary>Reads from a stream once and appends what it returns; 0 at its end.</summary>
    public async ValueTask<int> ReadFromAsync(Stream source, CancellationToken cancellationToken)
    {
        if (_length == _bytes.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_bytes.Length * 2);
            _bytes.CopyTo(larger, 0);
            Return(_bytes);
            _bytes = larger;
        }

        int read = await source.ReadAsync(_bytes.AsMemory(_length), cancellationToken);
        _length += read;
        return read;
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = Math.Min(buffer.Length, _length - _position);
        _bytes.AsMemory(_position, read).CopyTo(buffer);
        _position += read;
        return ValueTask.FromResult(read);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _bytes.Length > 0)
        {
            Return(_bytes);
            (_bytes, _length, _position) = ([], 0, 0);
        }

        base.Dispose(disposing);
    }

    private void Return(byte[] bytes)
    {
        CryptographicOperations.ZeroMemory(bytes.AsSpan(0, Math.Min(_length, bytes.Length)));
        ArrayPool<byte>.Shared.Return(bytes);
    }
}
