using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Spilling;

/// <summary>Reads a sealed file from its beginning to its end. The caller keeps the file.</summary>
public sealed class SealedFileStream(SealedFile file) : ForwardOnlyStream
{
    private long _position;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<int>(cancellationToken)
            : ValueTask.FromResult(Read(buffer.Span));

    public override int Read(Span<byte> buffer)
    {
        int bytes = (int)Math.Min(buffer.Length, file.LengthBytes - _position);
        file.ReadExactly(buffer[..bytes], _position);
        _position += bytes;
        return bytes;
    }
}
