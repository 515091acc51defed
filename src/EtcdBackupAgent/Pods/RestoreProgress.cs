using EtcdBackupAgent.Core.Transfers;

namespace EtcdBackupAgent.Pods;

/// <summary>Converts the bytes of a restore into percent, and reports each step of a few percent once.</summary>
/// <param name="totalBytes">Plain bytes of the snapshot.</param>
/// <param name="shown">Receives every report.</param>
/// <param name="tell">Receives each new step of <see cref="StepPercent"/>; must return at once.</param>
internal sealed class RestoreProgress(long totalBytes, IProgress<TransferProgress> shown, Action<int> tell)
    : IProgress<TransferProgress>
{
    public const int StepPercent = 10;

    private readonly Dictionary<string, long> _bytes = new(StringComparer.Ordinal);
    private int _told;

    public void Report(TransferProgress value)
    {
        shown.Report(value);
        int percent;
        lock (_bytes)
        {
            _bytes[value.Step] = value.Bytes;
            percent = totalBytes == 0 ? 0 : (int)Math.Min(99, 100 * _bytes.Values.Sum() / totalBytes);
            if (percent < _told + StepPercent)
            {
                return;
            }

            _told = percent;
        }

        tell(percent);
    }
}
