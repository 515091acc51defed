using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api.Watching;

/// <summary>
/// Follows the objects of a kind for as long as it is asked to, whatever happens to the connection. Source:
/// kubernetes.io, "Efficient detection of changes".
/// </summary>
internal sealed class ResourceWatch(
    KubernetesClient client, ResourceKind kind, string? ns, ResourceSelection selection, TimeProvider time)
{
    /// <summary>After this the server ends a watch, and it goes on with a new one.</summary>
    private static readonly TimeSpan WatchTimeout = TimeSpan.FromMinutes(5);

    /// <summary>What a server that is on time may need on top of that; later, the connection is dead.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>A watch that ends before, without having said anything, is a failure: another one would do the
    /// same.</summary>
    private static readonly TimeSpan WatchTimeMin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(30);

    private readonly KnownResources _known = new();
    private readonly BackOff _backOff = new(time, FirstPause, PauseMax);

    /// <summary>The version from which the next watch begins; null: list first.</summary>
    private string? _version;

    /// <summary>Whether the version was too old, and nothing was heard since.</summary>
    private bool _hasExpired;

    /// <summary>Tells what is there, and then what changes. It ends by cancellation only; a failure is told, and gone
    /// over.</summary>
    /// <remarks>1. List, if there is no version to go on from. 2. Watch from there. 3. After a failure,
    /// pause.</remarks>
    /// <exception cref="OperationCanceledException">The caller wants no more.</exception>
    public async IAsyncEnumerable<ResourceChange> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            Exception? failure = null;
            await using IAsyncEnumerator<ResourceChange> changes =
                OnceAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
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
                    // What cannot be gone on from, or not be understood, is gone around.
                    _version = null;
                }

                BackupException told = failure as BackupException
                    ?? ApiFailure.From(client.Connection, $"watch {kind}", failure);
                TimeSpan pause = _backOff.Next();
                yield return new WatchInterrupted(told, pause);
                await _backOff.WaitAsync(pause, cancellationToken);
            }
        }
    }

    private async IAsyncEnumerable<ResourceChange> OnceAsync([EnumeratorCancellation] CancellationToken cancellationToken)
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
        using CancellationTokenSource deadline = new(WatchTimeout + Grace, time);
        using CancellationTokenSource both =
            CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        long begun = time.GetTimestamp();
        bool hasHeard = false;
        await using IAsyncEnumerator<WatchEvent> events = EventsAsync(both.Token).GetAsyncEnumerator(both.Token);
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
                throw new TimeoutException("the watch did not end when it should have: the connection is dead", e);
            }

            hasHeard = true;
            foreach (ResourceChange change in Taken(events.Current))
            {
                yield return change;
            }
        }

        if (!hasHeard && time.GetElapsedTime(begun) < WatchTimeMin)
        {
            throw new IOException("the server ended the watch at once");
        }
    }

    private async IAsyncEnumerable<WatchEvent> EventsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpResponseMessage response =
            await client.WatchAsync(kind, ns, selection, _version!, WatchTimeout, cancellationToken);
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (WatchEvent one in WatchEvent.ReadAsync(stream, cancellationToken))
        {
            yield return one;
        }
    }

    /// <summary>Goes on to an event's version, and says what is to be told of it.</summary>
    private IEnumerable<ResourceChange> Taken(WatchEvent one)
    {
        if (one.Type == "ERROR")
        {
            throw ApiTransport.From(one.Item, HttpStatusCode.InternalServerError);
        }

        _backOff.Reset();
        _hasExpired = false;
        _version = ObjectMetadata.ResourceVersion(one.Item);
        return one.Type switch
        {
            "ADDED" or "MODIFIED" => _known.Put(one.Item),
            "DELETED" => _known.Remove(ResourceKey.Of(one.Item), one.Item) is { } gone ? [gone] : [],
            _ => [],
        };
    }
}
