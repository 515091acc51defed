using System.Collections.Concurrent;
using System.Security.Cryptography;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Takes names from a queue and reconciles them. Each reconciliation has a time limit, is measured, and has an
/// id in its log lines. After a failure it is retried, with longer and longer waits.</summary>
/// <remarks>
/// 1. Take a name. Give the reconciliation an id, which is in the scope of its log lines.
/// 2. Reconcile, for at most <see cref="ControllerOptions.ReconcileTimeout"/>.
/// 3. If it succeeded: reconcile again when the reconciler requests it.
/// 4. If it failed: log the failure here, once, and retry after a wait. If the failure is terminal
///    (<see cref="TerminalFailure"/>), retry only after something changes.
/// 5. Measure the reconciliation.
/// </remarks>
/// <param name="connection">The API server, for messages.</param>
/// <param name="reconciler">Reconciles the names of the queue.</param>
/// <param name="queue">The names.</param>
/// <param name="options">Times and limits.</param>
/// <param name="metrics">Receives the measurements.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives the failures.</param>
internal sealed class ReconcileLoop(
    KubernetesConnection connection,
    IReconciler reconciler,
    WorkQueue queue,
    ControllerOptions options,
    IReconcileMetrics metrics,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>The number of hexadecimal digits of an id: enough to distinguish the reconciliations of one
    /// log.</summary>
    private const int IdDigits = 8;

    private readonly ConcurrentDictionary<string, BackOff> _backOffs = new(StringComparer.Ordinal);

    /// <summary>The message of the last terminal failure of each name, so that it is logged only once.</summary>
    private readonly ConcurrentDictionary<string, string> _terminal = new(StringComparer.Ordinal);

    /// <summary>Runs until it is cancelled. Several calls may run on one queue at the same time.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // 1
            string name = await queue.TakeAsync(cancellationToken);
            string id = RandomNumberGenerator.GetHexString(IdDigits, lowercase: true);
            using IDisposable? scope = logger.BeginReconciliation(reconciler.Kind.Kind, name, id);
            try
            {
                await ReconcileOnceAsync(name, cancellationToken);
            }
            finally
            {
                queue.Done(name);
            }
        }
    }

    /// <summary>Discards the failures of a name: another object of the same name has not failed yet.</summary>
    public void ClearFailures(string name)
    {
        _backOffs.TryRemove(name, out _);
        _terminal.TryRemove(name, out _);
    }

    private async Task ReconcileOnceAsync(string name, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        ReconcileResult result;
        try
        {
            // 2
            TimeSpan? next = await ReconcileAsync(name, cancellationToken);

            // 3
            ClearFailures(name);
            ScheduleRecheck(name, next);
            result = ReconcileResult.Succeeded;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (TerminalFailure e)
        {
            // 4
            Report(name, e);
            ScheduleRecheck(name, e.RecheckAfter);
            result = ReconcileResult.Terminal;
        }
        catch (Exception e)
        {
            // 4: a bug, too, must not stop the work on other objects.
            result = Retry(name, e);
        }

        // 5
        metrics.Reconciled(reconciler.Kind.Kind, result, time.GetElapsedTime(started));
    }

    private async Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        using Deadline deadline = new(options.ReconcileTimeout, time, cancellationToken);
        try
        {
            return await reconciler.ReconcileAsync(name, deadline.Token);
        }
        catch (OperationCanceledException e) when (deadline.HasPassed)
        {
            throw new BackupException(
                FailureReason.Unexpected,
                $"The reconciliation took longer than {options.ReconcileTimeout.TotalMinutes:0.#} min and was stopped.",
                e);
        }
    }

    private void ScheduleRecheck(string name, TimeSpan? delay)
    {
        if (delay is { } after)
        {
            queue.AddAfter(name, after);
        }
    }

    private void Report(string name, TerminalFailure terminal)
    {
        // The next change is reconciled at once; if that fails, the wait is that after a first failure.
        _backOffs.TryRemove(name, out _);
        BackupException failure = FailureOf(name, terminal.Cause)
            ?? new BackupException(FailureReason.Unexpected, terminal.Message, terminal);
        if (!_terminal.TryGetValue(name, out string? reported) || reported != failure.Message)
        {
            _terminal[name] = failure.Message;
            logger.ReconcileFailedTerminally(reconciler.Kind, name, failure.Reason, failure.Message);
        }
    }

    private ReconcileResult Retry(string name, Exception exception)
    {
        _terminal.TryRemove(name, out _);
        BackOff backOff = _backOffs.GetOrAdd(name, _ => new BackOff(time, options.RetryMin, options.RetryMax));
        BackupException? failure = FailureOf(name, exception);
        TimeSpan delay = backOff.Next();
        if (failure?.Reason == FailureReason.KubernetesUnreachable && delay > options.RetryUnreachableMax)
        {
            delay = options.RetryUnreachableMax;
        }

        queue.AddAfter(name, delay);
        switch (failure)
        {
            case null:
                logger.ReconcileFailedUnexpectedly(exception, reconciler.Kind, name, delay);
                return ReconcileResult.Failed;
            case { Reason: FailureReason.KubernetesConflict }:
                // Another writer changed the object first, which is normal.
                return ReconcileResult.Conflict;
            default:
                logger.ReconcileFailed(reconciler.Kind, name, failure.Reason, failure.Message, delay);
                return ReconcileResult.Failed;
        }
    }

    /// <summary>The failure with a message for the user; null for a bug.</summary>
    private BackupException? FailureOf(string name, Exception exception) =>
        exception as BackupException
        ?? (ApiFailure.IsKnown(exception)
            ? ApiFailure.From(connection, $"reconcile {reconciler.Kind.Kind} {name}", exception)
            : null);
}
