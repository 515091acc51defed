using System.Globalization;
using EtcdBackupAgent.Objects.Restoring;

namespace EtcdBackupAgent.Output;

/// <summary>
/// Shows how far a restore of objects is, on standard error: one line that changes on a terminal, otherwise at most one
/// line every ten seconds.
/// </summary>
internal sealed class RestoreDisplay(TimeProvider time) : IProgress<RestoreProgress>, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private long _lastLine = time.GetTimestamp();
    private bool _isLineOpen;

    public void Report(RestoreProgress value)
    {
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"restoring: {value.Done} done, {value.Failed} refused, {value.Left} left");
        if (Terminal.IsErrorInteractive)
        {
            Console.Error.Write($"\r{text}\u001b[K");
            _isLineOpen = true;
        }
        else if (time.GetElapsedTime(_lastLine) >= Interval)
        {
            Console.Error.WriteLine(text);
            _lastLine = time.GetTimestamp();
        }
    }

    /// <summary>Ends the line.</summary>
    public void Dispose()
    {
        if (_isLineOpen)
        {
            Console.Error.WriteLine();
        }
    }
}
