using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Watching;
using EtcdBackupAgent.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Calls a reconciler whenever something changed that matters to it, and again, after longer and longer waits,
/// where it failed. The objects come from watches: while nothing changes, nothing is asked.</summary>
/// <remarks>
/// 1. Watch the reconciler's kind and the related ones; a change puts names into the queue.
/// 2. Take names from the queue, one after the other, and reconcile.
/// 3. What failed is logged here, once, and comes again.
/// </remarks>
internal sealed class ResourceController(
    ConnectedCluster cluster, IReconciler reconciler, ControllerOptions options, TimeProvider time, ILogger logger)
    : IDisposable
{
    private readonly WorkQueue _queue = new(time);
    private readonly ConcurrentDictionary<string, BackOff> _backOffs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when all that there is was heard of once.</summary>
    public Task Synced => _synced.Task;

    /// <summary>Works until it is told to stop; a reconciliation under way is finished or cancelled then.</summary>
    /// <exception cref="OperationCanceledException">It was told to stop.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // 1
        List<Task> tasks = [WatchOwnAsync(cancellationToken)];
        tasks.AddRange(reconciler.Related.Select(related => WatchRelatedAsync(related, cancellationToken)));

        // 2
        int workers = Math.Min(reconciler.WorkersMax ?? int.MaxValue, options.WorkersPerKind);
        tasks.AddRange(Enumerable.Range(0, workers).Select(_ => WorkAsync(cancellationToken)));
        await Task.WhenAll(tasks);
    }

    public void Dispose() => _queue.Dispose();

    private async Task WatchOwnAsync(CancellationToken cancellationToken)
    {
        Dictionary<ResourceKey, string?> seen = [];
        await foreach (ResourceChange change in Changes(reconciler.Kind, ResourceSelection.All, cancellationToken))
        {
            switch (change)
            {
                case ResourcePresent present:
                    _known[present.Key.Name] = true;
                    if (IsNew(seen, present, reconciler.Fingerprint))
                    {
                        _queue.Add(present.Key.Name);
                    }

                    break;
                case ResourceGone gone:
                    seen.Remove(gone.Key);
                    _known.TryRemove(gone.Key.Name, out _);

                    // Another object of this name has failed at nothing yet.
                    _backOffs.TryRemove(gone.Key.Name, out _);
                    if (gone.Last is { } last)
                    {
                        reconciler.Deleted(last);
                    }

                    _queue.Add(gone.Key.Name);
                    break;
                case ResourcesListed:
                    _synced.TrySetResult();
                    break;
                case WatchInterrupted interrupted:
                    logger.WatchInterrupted(reconciler.Kind, interrupted.Failure.Message, interrupted.RetryIn);
                    break;
            }
        }
    }

    private async Task WatchRelatedAsync(RelatedKind related, CancellationToken cancellationToken)
    {
        Dictionary<ResourceKey, string?> seen = [];
        Dictionary<ResourceKey, string?> owners = [];
        bool isListed = false;
        await foreach (ResourceChange change in Changes(related.Kind, related.Selection, cancellationToken))
        {
            switch (change)
            {
                case ResourcePresent present when IsNew(seen, present, related.Fingerprint):
                    owners[present.Key] = related.Owner?.Invoke(present.Item);
                    AddRelated(related, owners[present.Key], isListed);
                    break;
                case ResourceGone gone:
                    seen.Remove(gone.Key);
                    owners.Remove(gone.Key, out string? owner);
                    AddRelated(related, owner, isListed);
                    break;
                case ResourcesListed:
                    isListed = true;
                    break;
                case WatchInterrupted interrupted:
                    logger.WatchInterrupted(related.Kind, interrupted.Failure.Message, interrupted.RetryIn);
                    break;
            }
        }
    }

    private IAsyncEnumerable<ResourceChange> Changes(
        ResourceKind kind, ResourceSelection selection, CancellationToken cancellationToken) =>
        new ResourceWatch(cluster.Client, kind, cluster.Namespace, selection, time).ReadAsync(cancellationToken);

    private static bool IsNew(
        Dictionary<ResourceKey, string?> seen, ResourcePresent present, Func<JsonObject, string?> fingerprint)
    {
        string? now = fingerprint(present.Item);
        bool isNew = now is null || !seen.TryGetValue(present.Key, out string? before) || before != now;
        seen[present.Key] = now;
        return isNew;
    }

    private void AddRelated(RelatedKind related, string? owner, bool isListed)
    {
        if (related.Changed is { } changed)
        {
            if (isListed && owner is not null)
            {
                changed(owner);
                _queue.AddAfter(owner, related.Delay);
            }

            return;
        }

        foreach (string name in related.Owner is null ? _known.Keys : owner is null ? [] : [owner])
        {
            _queue.Add(name);
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            string name = await _queue.TakeAsync(cancellationToken);
            try
            {
                TimeSpan? next = await reconciler.ReconcileAsync(name, cancellationToken);
                _backOffs.TryRemove(name, out _);
                if (next is { } delay)
                {
                    _queue.AddAfter(name, delay);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception e)
            {
                // 3: also a bug, which must not end the work on other objects.
                Retry(name, e);
            }
            finally
            {
                _queue.Done(name);
            }
        }
    }

    private void Retry(string name, Exception exception)
    {
        BackOff backOff = _backOffs.GetOrAdd(name, _ => new BackOff(time, options.RetryMin, options.RetryMax));
        BackupException? failure = exception as BackupException
            ?? (ApiFailure.IsKnown(exception)
                ? ApiFailure.From(cluster.Client.Connection, $"reconcile {reconciler.Kind.Kind} {name}", exception)
                : null);
        TimeSpan delay = backOff.Next();
        if (failure?.Reason == FailureReason.KubernetesUnreachable && delay > options.RetryUnreachableMax)
        {
            delay = options.RetryUnreachableMax;
        }

        _queue.AddAfter(name, delay);
        switch (failure)
        {
            case null:
                logger.ReconcileFailedUnexpectedly(exception, reconciler.Kind, name, delay);
                break;
            case { Reason: FailureReason.KubernetesConflict }:
                // Somebody else was faster: the ordinary course of things.
                break;
            default:
                logger.ReconcileFailed(reconciler.Kind, name, failure.Reason, failure.Message, delay);
                break;
        }
    }
}
