namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>Counts the copied bytes, reports them at intervals, and stops the copy when it is cancelled.</summary>
internal sealed class CopyProgress(IProgress<long>? progress, CancellationToken cancellationToken)
{
    private const long ReportEveryBytes = 4 << 20;

    private long _bytes;
    private long _reported;

    /// <exception cref="OperationCanceledException">The copy was cancelled.</exception>
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
