using System.Diagnostics;
using EtcdBackupAgent.Core.Transfers;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>
/// Shows transfers while they run, on standard error: bars with bytes, rate and time left on a terminal, plain lines
/// elsewhere.
/// </summary>
internal static class TransferDisplay
{
    /// <summary>Runs <paramref name="transfer"/> and shows what it reports.</summary>
    public static async Task<T> ShowAsync<T>(Func<IProgress<TransferProgress>, Task<T>> transfer)
    {
        if (!Terminal.IsErrorInteractive)
        {
            PlainLines lines = new(Console.Error);
            T plainResult = await transfer(lines);
            lines.Complete();
            return plainResult;
        }

        return await Terminal.NewProgressConsole().Progress()
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn(),
                new PercentageColumn(),
                new DownloadedColumn(),
                new TransferSpeedColumn(),
                new RemainingTimeColumn())
            .StartAsync(context => transfer(new Bars(context)));
    }

    /// <summary>Shows one bar for each step.</summary>
    private sealed class Bars(ProgressContext context) : IProgress<TransferProgress>
    {
        /// <summary>Bytes between two updates of a bar: often enough to look smooth, at no noticeable cost.</summary>
        private const long UpdateBytes = 1 << 20;

        private readonly Lock _lock = new();
        private string? _step;
        private ProgressTask? _bar;

        public void Report(TransferProgress value)
        {
            lock (_lock)
            {
                // A step that starts again, for the next snapshot, gets a new bar.
                if (_bar is null || _step != value.Step || value.Bytes < _bar.Value)
                {
                    _bar?.StopTask();
                    _step = value.Step;
                    _bar = context.AddTask(value.Step, maxValue: Math.Max(1, value.TotalBytes ?? 1));
                    _bar.IsIndeterminate = value.TotalBytes is null;
                }

                if (value.Bytes - _bar.Value >= UpdateBytes || value.Bytes == value.TotalBytes)
                {
                    _bar.MaxValue = Math.Max(_bar.MaxValue, value.Bytes);
                    _bar.Value = value.Bytes;
                }
            }
        }
    }

    /// <summary>Writes at most one line every ten seconds, and one at the end of each step.</summary>
    private sealed class PlainLines(TextWriter writer) : IProgress<TransferProgress>
    {
        private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

        private readonly Stopwatch _sinceLine = Stopwatch.StartNew();
        private TransferProgress? _last;

        public void Report(TransferProgress value)
        {
            if (_last is { } last && (last.Step != value.Step || last.Bytes > value.Bytes))
            {
                Complete();
            }

            _last = value;
            if (_sinceLine.Elapsed >= Interval)
            {
                _sinceLine.Restart();
                string total = value.TotalBytes is { } bytes ? $" of {Readable.Bytes(bytes)}" : "";
                writer.WriteLine($"{value.Step}: {Readable.Bytes(value.Bytes)}{total}");
            }
        }

        /// <summary>Writes the last line of the current step.</summary>
        public void Complete()
        {
            if (_last is { } last)
            {
                writer.WriteLine($"{last.Step}: {Readable.Bytes(last.Bytes)} done");
                _last = null;
            }
        }
    }
}
