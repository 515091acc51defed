namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>Counts what was copied, tells it from time to time, and ends the copy when it is cancelled.</summary>
internal sealed class CopyProgress(IProgress<long>? progress, CancellationToken cancellationToken)
{
    private const long ReportEveryBytes = 4 << 20;

    private long _bytes;
    private long _reported;

    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Add(int bytes)
    {
        _bytes += bytes;
        if (_bytes - _reported >= ReportEveryBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _reported = _bytes;
            progress?.Report(_bytes);
        }
    }
}
