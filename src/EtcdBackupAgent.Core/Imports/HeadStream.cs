using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>A stream whose first bytes were read already. It does not close the source.</summary>
/// <param name="head">The first bytes.</param>
/// <param name="source">The stream, after them.</param>
internal sealed class HeadStream(ReadOnlyMemory<byte> head, Stream source) : PullStream(source)
{
    private ReadOnlyMemory<byte> _left = head;

    protected override int Pull(Span<byte> buffer) => _left.IsEmpty ? Source.Read(buffer) : Take(buffer);

    protected override ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        _left.IsEmpty ? Source.ReadAsync(buffer, cancellationToken) : ValueTask.FromResult(Take(buffer.Span));

    private int Take(Span<byte> buffer)
    {
        int bytes = Math.Min(buffer.Length, _left.Length);
        _left.Span[..bytes].CopyTo(buffer);
        _left = _left[bytes..];
        return bytes;
    }
}
