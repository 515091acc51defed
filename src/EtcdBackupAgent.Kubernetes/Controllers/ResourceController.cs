using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Watching;
using EtcdBackupAgent.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Calls a reconciler whenever something changed that matters to it, and again after a failure
/// (<see cref="ReconcileLoop"/>). The objects come from watches: while nothing changes, it sends no requests.</summary>
/// <remarks>
/// 1. Watch the reconciler's kind and the related kinds. A change puts names into the queue.
/// 2. Take names from the queue, one after the other, and reconcile them.
/// </remarks>
internal sealed class ResourceController : IDisposable
{
    private readonly ConnectedCluster _cluster;
    private readonly IReconciler _reconciler;
    private readonly ControllerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WorkQueue _queue;
    private readonly ReconcileLoop _loop;
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ResourceController(
        ConnectedCluster cluster,
        IReconciler reconciler,
        ControllerOptions options,
        IReconcileMetrics metrics,
        TimeProvider time,
        ILogger logger)
    {
        (_cluster, _reconciler, _options, _time, _logger) = (cluster, reconciler, options, time, logger);
        _queue = new WorkQueue(time) { DepthChanged = depth => metrics.QueueChanged(reconciler.Kind.Kind, depth) };
        _loop = new ReconcileLoop(
            cluster.Client.Connection, reconciler, _queue, options, metrics, time, logger);
    }

    /// <summary>Completes when all existing objects have been listed once.</summary>
    public Task Synced => _synced.Task;

    /// <summary>Runs until it is cancelled. A reconciliation that is running then is completed or cancelled.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // 1
        List<Task> tasks = [WatchOwnAsync(cancellationToken)];
        tasks.AddRange(_reconciler.Related.Select(related => WatchRelatedAsync(related, cancellationToken)));
        tasks.Add(_reconciler.WatchOthersAsync(_queue.Add, cancellationToken));

        // 2
        int workers = Math.Min(_reconciler.WorkersMax ?? int.MaxValue, _options.WorkersPerKind);
        tasks.AddRange(Enumerable.Range(0, workers).Select(_ => _loop.RunAsync(cancellationToken)));
        await Task.WhenAll(tasks);
    }

    public void Dispose() => _queue.Dispose();

    private async Task WatchOwnAsync(CancellationToken cancellationToken)
    {
        Dictionary<ResourceKey, string?> seen = [];
        await foreach (ResourceChange change in Changes(_reconciler.Kind, ResourceSelection.All, cancellationToken))
        {
            switch (change)
            {
                case ResourcePresent present:
                    _known[present.Key.Name] = true;
                    if (IsNew(seen, present, _reconciler.Fingerprint))
                    {
                        _queue.Add(present.Key.Name);
                    }

                    break;
                case ResourceGone gone:
                    seen.Remove(gone.Key);
                    _known.TryRemove(gone.Key.Name, out _);

                    _loop.ClearFailures(gone.Key.Name);
                    if (gone.Last is { } last)
                    {
                        _reconciler.Deleted(last);
                    }

                    _queue.Add(gone.Key.Name);
                    break;
                case ResourcesListed:
                    _synced.TrySetResult();
                    break;
                case WatchInterrupted interrupted:
                    _logger.WatchInterrupted(_reconciler.Kind, interrupted.Failure.Message, interrupted.RetryIn);
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
                    _logger.WatchInterrupted(related.Kind, interrupted.Failure.Message, interrupted.RetryIn);
                    break;
            }
        }
    }

    private IAsyncEnumerable<ResourceChange> Changes(
        ResourceKind kind, ResourceSelection selection, CancellationToken cancellationToken) =>
        new ResourceWatch(_cluster.Client, kind, _cluster.Namespace, selection, _time).ReadAsync(cancellationToken);

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
}
