using System.Security.Cryptography;
using EtcdBackupAgent.Snapshots.Encoded;

namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>Collects bytes, writes them in larger pieces, and computes their SHA-256.</summary>
internal sealed class ChangesOutput(Stream target) : IDisposable
{
    private const int BufferBytes = 1 << 16;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _used;
    private long _flushed;

    /// <summary>The size of all bytes so far.</summary>
    public long SizeBytes => _flushed + _used;

    /// <summary>The free part of the buffer; <see cref="Use"/> appends bytes that were written there.</summary>
    public Span<byte> Free => _buffer.AsSpan(_used);

    /// <summary>Makes room for some bytes, far fewer than the buffer has.</summary>
    public ValueTask ReserveAsync(int bytes, CancellationToken cancellationToken) =>
        Free.Length >= bytes ? ValueTask.CompletedTask : FlushAsync(cancellationToken);

    public void Use(int bytes) => _used += bytes;

    /// <summary>Appends a number; there must be room.</summary>
    public void AppendVarint(ulong value) => Use(Varint.Write(Free, value));

    /// <summary>Appends some bytes; there must be room.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Free);
        Use(bytes.Length);
    }

    /// <summary>Appends as many bytes as there is room for, and returns their number.</summary>
    public int AppendSome(ReadOnlySpan<byte> bytes)
    {
        int appended = Math.Min(bytes.Length, Free.Length);
        Append(bytes[..appended]);
        return appended;
    }

    /// <summary>Writes all bytes to the target.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        _hash.AppendData(_buffer.AsSpan(0, _used));
        await WriteAsync(cancellationToken);
    }

    /// <summary>Appends the digest of all bytes before it, and writes everything to the target.</summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        Append(_hash.GetHashAndReset());
        await WriteAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private async ValueTask WriteAsync(CancellationToken cancellationToken)
    {
        await target.WriteAsync(_buffer.AsMemory(0, _used), cancellationToken);
        _flushed += _used;
        _used = 0;
    }
}
