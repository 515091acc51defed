using System.Security.Cryptography;

namespace EtcdBackupAgent.Snapshots.Encoded;

/// <summary>
/// Numbers and bytes of an encoded stream, read forward only, with the digest and the number of those that were used.
/// </summary>
/// <param name="source">The encoded bytes. The caller keeps ownership.</param>
/// <param name="damage">How the message of damage begins, such as <c>the changes are damaged</c>.</param>
internal sealed class EncodedInput(Stream source, string damage) : IDisposable
{
    private const int BufferBytes = 1 << 16;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[BufferBytes];

    /// <summary>The first byte that is not used yet. The bytes before it are not hashed yet.</summary>
    private int _start;

    private int _end;
    private bool _ended;
    private long _hashed;

    /// <summary>The part that is being read, for messages.</summary>
    public string Part { get; set; } = "the header";

    /// <summary>The bytes that were read and are not used yet.</summary>
    public ReadOnlySpan<byte> Unused => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Reads until this number of bytes is unused, or until the end.</summary>
    /// <param name="bytes">The number of bytes, far fewer than the buffer has.</param>
    /// <param name="cancellationToken">After a cancellation the input cannot be used any more.</param>
    public ValueTask EnsureAsync(int bytes, CancellationToken cancellationToken) =>
        _end - _start >= bytes || _ended ? ValueTask.CompletedTask : FillAsync(bytes, cancellationToken);

    public void Use(int bytes) => _start += bytes;

    /// <summary>Reads a number.</summary>
    /// <exception cref="SnapshotDamagedException">There is no number, or it is larger than the limit.</exception>
    public async ValueTask<ulong> ReadVarintAsync(string name, ulong max, CancellationToken cancellationToken)
    {
        await EnsureAsync(Varint.BytesMax, cancellationToken);
        int length = Varint.Read(Unused, out ulong value, out string? problem);
        if (problem is not null)
        {
            throw Damaged($"{name}: {problem}");
        }

        if (value > max)
        {
            throw Damaged($"{name} is {value}, more than the limit of {max}");
        }

        Use(length);
        return value;
    }

    /// <summary>Reads one byte.</summary>
    /// <exception cref="SnapshotDamagedException">There is none.</exception>
    public async ValueTask<byte> ReadByteAsync(CancellationToken cancellationToken)
    {
        await EnsureAsync(1, cancellationToken);
        if (Unused.IsEmpty)
        {
            throw Damaged("a byte is missing at the end");
        }

        byte value = Unused[0];
        Use(1);
        return value;
    }

    /// <summary>Reads bytes after their length was read.</summary>
    /// <exception cref="SnapshotDamagedException">There are fewer bytes.</exception>
    public async ValueTask ReadBytesAsync(GrowingBytes target, int length, CancellationToken cancellationToken)
    {
        target.Clear();
        for (int missing = length; missing > 0;)
        {
            await EnsureAsync(1, cancellationToken);
            int bytes = Math.Min(missing, Unused.Length);
            if (bytes == 0)
            {
                throw Damaged($"{missing} of {length} bytes are missing at the end");
            }

            target.Append(Unused[..bytes]);
            Use(bytes);
            missing -= bytes;
        }
    }

    /// <summary>Reads exactly this number of bytes, far fewer than the buffer has.</summary>
    /// <exception cref="SnapshotDamagedException">There are fewer bytes.</exception>
    public async ValueTask<byte[]> ReadFixedAsync(int length, CancellationToken cancellationToken)
    {
        await EnsureAsync(length, cancellationToken);
        if (Unused.Length < length)
        {
            throw Damaged($"{length - Unused.Length} of {length} bytes are missing at the end");
        }

        byte[] bytes = Unused[..length].ToArray();
        Use(length);
        return bytes;
    }

    /// <summary>Returns the SHA-256 of all bytes that were used since the beginning.</summary>
    public byte[] FinishDigest()
    {
        HashUsed();
        return _hash.GetHashAndReset();
    }

    /// <summary>Returns the exception for a problem at the next byte.</summary>
    public SnapshotDamagedException Damaged(string problem) =>
        new($"{damage}: byte {_hashed + _start}, {Part}: {problem}");

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private async ValueTask FillAsync(int bytes, CancellationToken cancellationToken)
    {
        HashUsed();
        while (_end < bytes && !_ended)
        {
            int read = await source.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            _end += read;
            _ended = read == 0;
        }
    }

    private void HashUsed()
    {
        _hash.AppendData(_buffer.AsSpan(0, _start));
        _hashed += _start;
        Unused.CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
    }
}
