using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api.Watching;

/// <summary>
/// Follows the objects of a kind until it is cancelled, whatever happens to the connection. Source: kubernetes.io,
/// "Efficient detection of changes".
/// </summary>
internal sealed class ResourceWatch(
    KubernetesClient client, ResourceKind kind, string? ns, ResourceSelection selection, TimeProvider time)
{
    /// <summary>After this time the server ends a watch, and a new one continues.</summary>
    private static readonly TimeSpan WatchTimeout = TimeSpan.FromMinutes(5);

    /// <summary>The additional time that a punctual server may need. After it, the connection is dead.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>A watch that ends before this time without an event is a failure: another watch would end in the same
    /// way.</summary>
    private static readonly TimeSpan WatchTimeMin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(30);

    private readonly KnownResources _known = new();
    private readonly BackOff _backOff = new(time, FirstPause, PauseMax);

    /// <summary>The version from which the next watch begins; null: list first.</summary>
    private string? _version;

    /// <summary>Whether the version was too old, and no event has arrived since.</summary>
    private bool _hasExpired;

    /// <summary>Reports the existing objects and then the changes. It ends only by cancellation; a failure is reported,
    /// and the watch continues after it.</summary>
    /// <remarks>1. List, if there is no version to continue from. 2. Watch from that version. 3. After a failure,
    /// pause.</remarks>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public async IAsyncEnumerable<ResourceChange> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            Exception? failure = null;
            await using IAsyncEnumerator<ResourceChange> changes =
                WatchOnceAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await changes.MoveNextAsync())
                    {
                        break;
                    }
                }
                catch (Exception e) when (ApiFailure.IsKnown(e) || e is BackupException)
                {
                    failure = e;
                    break;
                }

                yield return changes.Current;
            }

            // 3
            if (failure is ApiStatusException { IsExpired: true } && !_hasExpired)
            {
                (_version, _hasExpired) = (null, true);
            }
            else if (failure is not null)
            {
                if (failure is ApiStatusException { IsExpired: true } or JsonException)
                {
                    // The version cannot be continued from, or the event cannot be read: list again.
                    _version = null;
                }

                BackupException interruption = failure as BackupException
                    ?? ApiFailure.From(client.Connection, $"watch {kind}", failure);
                TimeSpan pause = _backOff.Next();
                yield return new WatchInterrupted(interruption, pause);
                await _backOff.WaitAsync(pause, cancellationToken);
            }
        }
    }

    private async IAsyncEnumerable<ResourceChange> WatchOnceAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // 1
        if (_version is null)
        {
            ResourceList list = await client.ListAsync(kind, ns, selection, cancellationToken);
            _version = list.ResourceVersion;
            foreach (ResourceChange change in _known.Replace(list.Items))
            {
                yield return change;
            }
        }

        // 2
        using Deadline deadline = new(WatchTimeout + Grace, time, cancellationToken);
        long started = time.GetTimestamp();
        bool hasEvents = false;
        await using IAsyncEnumerator<WatchEvent> events =
            EventsAsync(deadline.Token).GetAsyncEnumerator(deadline.Token);
        while (true)
        {
            try
            {
                if (!await events.MoveNextAsync())
                {
                    break;
                }
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException("the watch did not end in time: the connection is dead", e);
            }

            hasEvents = true;
            foreach (ResourceChange change in Apply(events.Current))
            {
                yield return change;
            }
        }

        if (!hasEvents && time.GetElapsedTime(started) < WatchTimeMin)
        {
            throw new IOException("the server ended the watch at once");
        }
    }

    private async IAsyncEnumerable<WatchEvent> EventsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpResponseMessage response =
            await client.WatchAsync(kind, ns, selection, _version!, WatchTimeout, cancellationToken);
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (WatchEvent watchEvent in WatchEvent.ReadAsync(stream, cancellationToken))
        {
            yield return watchEvent;
        }
    }

    /// <summary>Advances to an event's version, and returns the changes to report.</summary>
    private IEnumerable<ResourceChange> Apply(WatchEvent watchEvent)
    {
        if (watchEvent.Type == "ERROR")
        {
            throw ApiTransport.From(watchEvent.Item, HttpStatusCode.InternalServerError);
        }

        _backOff.Reset();
        _hasExpired = false;
        _version = ObjectMetadata.ResourceVersion(watchEvent.Item);
        return watchEvent.Type switch
        {
            "ADDED" or "MODIFIED" => _known.Put(watchEvent.Item),
            "DELETED" => _known.Remove(ResourceKey.Of(watchEvent.Item), watchEvent.Item) is { } gone ? [gone] : [],
            _ => [],
        };
    }
}
