using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Worker;

/// <summary>
/// The runs under way: never two of one policy, and never more than the limit at once. This type starts each run and
/// logs its failure once.
/// </summary>
internal sealed class PolicyRuns(
    IPolicyRunner runner, PolicyWorkerOptions options, TimeProvider timeProvider, ILogger logger) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ResourceName, Task> _underWay = [];
    private readonly SemaphoreSlim _slots = new(options.RunsInParallelMax);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _cancel = new();

    /// <summary>
    /// Starts a run, unless the policy already has one that runs or waits, or the agent is stopping.
    /// </summary>
    /// <returns>Whether it was started.</returns>
    public bool Start(BackupPolicy policy, ResourceSet resources, BackupOccasion occasion)
    {
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested)
            {
                return false;
            }

            if (_underWay.ContainsKey(policy.Name))
            {
                logger.RunSkipped(policy.Name, occasion.Reason);
                return false;
            }

            _underWay.Add(policy.Name, Task.Run(() => RunAsync(policy, resources, occasion), CancellationToken.None));
            return true;
        }
    }

    /// <summary>Whether a policy has a run that runs or waits.</summary>
    public bool IsUnderWay(ResourceName policy)
    {
        lock (_lock)
        {
            return _underWay.ContainsKey(policy);
        }
    }

    /// <summary>
    /// Does work of a policy as one of its runs: waits until the policy has none that runs or waits, and for its turn
    /// among the policies.
    /// </summary>
    /// <param name="policy">The policy.</param>
    /// <param name="work">The work, with the token that ends it.</param>
    /// <param name="cancellationToken">Ends the wait and the work.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled, or the agent is stopping.</exception>
    public async Task<T> TakeTurnAsync<T>(
        ResourceName policy, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        while (!TryAdd(policy, ended.Task, out Task underWay))
        {
            await underWay.WaitAsync(cancellationToken);
        }

        try
        {
            using CancellationTokenSource waiting =
                CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, cancellationToken);
            await _slots.WaitAsync(waiting.Token);
            try
            {
                using CancellationTokenSource working =
                    CancellationTokenSource.CreateLinkedTokenSource(_cancel.Token, cancellationToken);
                return await work(working.Token);
            }
            finally
            {
                _slots.Release();
            }
        }
        finally
        {
            Remove(policy);
            ended.SetResult();
        }
    }

    /// <summary>
    /// Starts no more runs, waits for those under way for the grace period, then cancels the rest and waits until they
    /// have ended.
    /// </summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        Task[] underWay;
        lock (_lock)
        {
            underWay = [.. _underWay.Values];
        }

        if (underWay.Length == 0)
        {
            return;
        }

        logger.WaitingForRuns(underWay.Length, options.GracePeriod);
        Task ended = Task.WhenAll(underWay);
        try
        {
            await ended.WaitAsync(options.GracePeriod, timeProvider);
        }
        catch (TimeoutException)
        {
            logger.CancellingRuns(underWay.Count(run => !run.IsCompleted));
            await _cancel.CancelAsync();
            await ended;
        }
    }

    public void Dispose()
    {
        _slots.Dispose();
        _stopping.Dispose();
        _cancel.Dispose();
    }

    /// <summary>Adds a run of a policy, unless it has one.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="run">The run to add.</param>
    /// <param name="underWay">The run that the policy has now.</param>
    private bool TryAdd(ResourceName policy, Task run, out Task underWay)
    {
        lock (_lock)
        {
            _stopping.Token.ThrowIfCancellationRequested();
            bool isAdded = _underWay.TryAdd(policy, run);
            underWay = _underWay[policy];
            return isAdded;
        }
    }

    private void Remove(ResourceName policy)
    {
        lock (_lock)
        {
            _underWay.Remove(policy);
        }
    }

    private async Task RunAsync(BackupPolicy policy, ResourceSet resources, BackupOccasion occasion)
    {
        try
        {
            await _slots.WaitAsync(_stopping.Token);
            try
            {
                logger.RunStarted(policy.Name, occasion.Reason);
                await runner.BackUpAsync(policy, resources, occasion, _cancel.Token);
                logger.RunCompleted(policy.Name, occasion.Reason);
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            logger.RunCancelled(policy.Name, occasion.Reason);
        }
        catch (BackupException e) when (e.Reason == FailureReason.Cancelled && _cancel.IsCancellationRequested)
        {
            logger.RunCancelled(policy.Name, occasion.Reason);
        }
        catch (BackupException e)
        {
            logger.RunFailed(policy.Name, occasion.Reason, e.Reason, e.Message, WorkerLog.HintOf(e));
        }
        catch (Exception e)
        {
            // A bug in a run must not end the runs of other policies.
            logger.RunFailedUnexpectedly(e, policy.Name, occasion.Reason);
        }
        finally
        {
            Remove(policy.Name);
        }
    }
}
