using EtcdBackupAgent.Core.Transfers;

namespace EtcdBackupAgent.Pods;

/// <summary>Converts the bytes of a restore into percent, and reports each step of a few percent once.</summary>
/// <param name="totalBytes">Plain bytes of the snapshot.</param>
/// <param name="display">Receives every report.</param>
/// <param name="reportPercent">Receives each new step of <see cref="StepPercent"/>; must return at once.</param>
internal sealed class RestoreProgress(
    long totalBytes, IProgress<TransferProgress> display, Action<int> reportPercent) : IProgress<TransferProgress>
{
    public const int StepPercent = 10;

    private readonly Dictionary<string, long> _bytes = new(StringComparer.Ordinal);
    private int _reportedPercent;

    public void Report(TransferProgress value)
    {
        display.Report(value);
        int percent;
        lock (_bytes)
        {
            _bytes[value.Step] = value.Bytes;
            percent = totalBytes == 0 ? 0 : (int)Math.Min(99, 100 * _bytes.Values.Sum() / totalBytes);
            if (percent < _reportedPercent + StepPercent)
            {
                return;
            }

            _reportedPercent = percent;
        }

        reportPercent(percent);
    }
}
