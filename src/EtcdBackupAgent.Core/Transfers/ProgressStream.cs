using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Core.Transfers;

/// <summary>Passes on a stream's bytes and reports their number. It does not close the source.</summary>
internal sealed class ProgressStream(
    Stream source, string step, long? totalBytes, IProgress<TransferProgress> progress)
    : PullStream(source)
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
