using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// The change logs under way: one writer for each policy that has a change log and is not suspended. A writer that
/// fails is started again after a wait; the others are not affected.
/// </summary>
/// <param name="runner">Writes a log, and makes its snapshots.</param>
/// <param name="runs">Makes each snapshot one of the runs of its policy, so that these never overlap.</param>
/// <param name="options">The worker's times.</param>
/// <param name="metrics">Measures the logs.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">The log of the agent.</param>
internal sealed class PolicyArchives(
    IPolicyRunner runner,
    PolicyRuns runs,
    PolicyWorkerOptions options,
    IArchiveMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger)
{
    private static readonly TimeSpan RetryFirst = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryMax = TimeSpan.FromMinutes(1);

    /// <summary>The writers, and those that were stopped but have not ended yet.</summary>
    private readonly Dictionary<ResourceName, Writer> _writers = [];

    /// <summary>Starts, stops and restarts writers as the resources require. It does not wait for them.</summary>
    public void Apply(ResourceSet resources)
    {
        RemoveEnded();
        foreach ((ResourceName name, Writer writer) in _writers)
        {
            if (!resources.Policies.TryGetValue(name, out BackupPolicy? policy) || !IsWritten(policy))
            {
                Stop(name, writer);
            }
        }

        foreach (BackupPolicy policy in resources.Policies.Values.Where(IsWritten))
        {
            ArchiveInputs inputs = new() { Policy = policy, Resources = resources };
            Writer? previous = _writers.GetValueOrDefault(policy.Name);
            if (previous is { IsStopped: false } && previous.Inputs.AreSameAs(inputs))
            {
                continue;
            }

            previous?.Stop();
            IArchiveObserver observer = new ArchiveObservers(
                new ArchiveLog(policy.Name, logger), metrics.Started(policy.Name.Short, PolicyArchive.LogOf(policy)));
            _writers[policy.Name] = new Writer(
                inputs, stopping => WriteAsync(inputs, observer, previous, stopping));
        }
    }

    /// <summary>
    /// Asks all writers to stop, and waits until what they have read is stored, but not longer than the worker may take
    /// to stop.
    /// </summary>
    public async Task StopAsync()
    {
        foreach ((ResourceName name, Writer writer) in _writers)
        {
            Stop(name, writer);
        }

        try
        {
            await Task.WhenAll(_writers.Values.Select(writer => writer.Ended))
                .WaitAsync(options.StopPeriod, timeProvider);
        }
        catch (TimeoutException)
        {
            logger.ArchivesAbandoned(_writers.Values.Count(writer => !writer.Ended.IsCompleted));
        }

        RemoveEnded();
    }

    private static bool IsWritten(BackupPolicy policy) => policy is { ChangeLog: not null, Suspend: false };

    private void RemoveEnded()
    {
        foreach (ResourceName name in _writers.Where(w => w.Value.HasEnded).Select(w => w.Key).ToArray())
        {
            _writers[name].Dispose();
            _writers.Remove(name);
        }
    }

    private void Stop(ResourceName name, Writer writer)
    {
        if (!writer.IsStopped)
        {
            writer.Stop();
            metrics.Stopped(name.Short);
        }
    }

    /// <summary>Writes a log until asked to stop; after each failure again.</summary>
    /// <param name="inputs">The policy and what it needs.</param>
    /// <param name="observer">Receives what happens to the log.</param>
    /// <param name="previous">
    /// The previous writer of the policy; null if there is none. This one waits for its end: two would write the same
    /// changes.
    /// </param>
    /// <param name="stopping">Asks to stop.</param>
    private async Task WriteAsync(
        ArchiveInputs inputs, IArchiveObserver observer, Writer? previous, CancellationToken stopping)
    {
        if (previous is not null)
        {
            await previous.Ended;
            previous.Dispose();
        }

        BackOff backOff = new(timeProvider, RetryFirst, RetryMax);
        while (!stopping.IsCancellationRequested)
        {
            long started = timeProvider.GetTimestamp();
            if (await TryWriteAsync(inputs, observer, stopping) is not { } failure)
            {
                return;
            }

            if (stopping.IsCancellationRequested)
            {
                logger.ArchiveStoppedEarly(
                    inputs.Policy.Name, failure.Reason, failure.Message, WorkerLog.HintOf(failure));
                return;
            }

            if (timeProvider.GetElapsedTime(started) > RetryMax)
            {
                backOff.Reset();
            }

            TimeSpan wait = backOff.Next();
            observer.Failed(failure, wait);
            await backOff.WaitAsync(wait, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Writes a log until asked to stop. Returns the failure that ended it before; null if none did.</summary>
    private async Task<BackupException?> TryWriteAsync(
        ArchiveInputs inputs, IArchiveObserver observer, CancellationToken stopping)
    {
        try
        {
            await runner.ArchiveAsync(
                inputs.Policy,
                inputs.Resources,
                (log, token) => MakeSnapshotAsync(inputs, log, token),
                observer,
                stopping);
            return null;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return null;
        }
        catch (BackupException e)
        {
            return e;
        }
        catch (Exception e)
        {
            // A bug in one log must not end the others.
            return new BackupException(FailureReason.Unexpected, $"{e.GetType().Name}: {e.Message}", e);
        }
    }

    private Task<BackupOutcome> MakeSnapshotAsync(
        ArchiveInputs inputs, SnapshotLog log, CancellationToken cancellationToken) => runs.TakeTurnAsync(
            inputs.Policy.Name,
            token => runner.MakeSnapshotAsync(inputs.Policy, inputs.Resources, log, token),
            cancellationToken);

    /// <summary>A task that writes one log.</summary>
    private sealed class Writer : IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public Writer(ArchiveInputs inputs, Func<CancellationToken, Task> write)
        {
            Inputs = inputs;
            Ended = Task.Run(() => write(_stopping.Token), CancellationToken.None);
        }

        public ArchiveInputs Inputs { get; }

        public bool IsStopped => _stopping.IsCancellationRequested;

        /// <summary>Completes when nothing is written any more. It never fails.</summary>
        public Task Ended { get; }

        public bool HasEnded => IsStopped && Ended.IsCompleted;

        /// <summary>Asks to stop, and returns at once.</summary>
        public void Stop() => _ = _stopping.CancelAsync();

        public void Dispose() => _stopping.Dispose();
    }
}
