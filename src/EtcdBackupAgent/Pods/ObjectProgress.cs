using EtcdBackupAgent.Core.Failures;
using WriteProgress = EtcdBackupAgent.Objects.Restoring.RestoreProgress;

namespace EtcdBackupAgent.Pods;

/// <summary>Publishes how many of the objects are written, in steps of a few percent. A step is left out while the one
/// before it is still being published.</summary>
/// <param name="display">Receives every report.</param>
/// <param name="publishAsync">Publishes a percentage.</param>
internal sealed class ObjectProgress(
    IProgress<WriteProgress> display, Func<int, Task<BackupException?>> publishAsync) : IProgress<WriteProgress>
{
    private int _publishedPercent;

    /// <summary>Ends when the last step is published.</summary>
    public Task Published { get; private set; } = Task.CompletedTask;

    public void Report(WriteProgress value)
    {
        display.Report(value);
        int tried = value.Done + value.Failed;
        int total = tried + value.Left;
        int percent = total == 0 ? 0 : Math.Min(99, 100 * tried / total);
        if (percent >= _publishedPercent + RestoreProgress.StepPercent && Published.IsCompleted)
        {
            _publishedPercent = percent;
            Published = publishAsync(percent);
        }
    }
}
