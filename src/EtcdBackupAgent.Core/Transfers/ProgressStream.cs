using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Core.Transfers;

/// <summary>Passes a stream's bytes on and reports how many there have been. It does not close the stream it reads.</summary>
internal sealed class ProgressStream(
    Stream source, string step, long? totalBytes, IProgress<TransferProgress> progress) : PullStream(source, leaveOpen: true)
{
    private long _bytes;

    protected override int Pull(Span<byte> buffer) => Report(Source.Read(buffer));

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        Report(await Source.ReadAsync(buffer, cancellationToken));

    private int Report(int read)
    {
        _bytes += read;
        progress.Report(new TransferProgress(step, _bytes, totalBytes));
        return read;
    }
}
