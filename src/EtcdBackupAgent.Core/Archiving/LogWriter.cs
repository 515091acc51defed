using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>Follows the watch of one member: appends its changes to the open segment, and closes segments.</summary>
/// <remarks>
/// 1. Append each response. Ask for the leases that it names for the first time, before they are gone.
/// 2. Close the segment when it is due or large enough: a linearizable read, requested at t, returns H; read until the
///    log contains H; mark (t, H).
/// 3. Without records, only mark; store a segment without records each tenth time.
/// 4. When asked to stop, close once more and return.
/// </remarks>
internal sealed class LogWriter(
    ArchiveRequest request,
    ArtifactEncryption encryption,
    IWatchedMember member,
    ChangeFeed feed,
    OpenSegment segment,
    KnownSettings settings,
    SegmentQueue queue,
    IArchiveObserver observer,
    TimeProvider time)
{
    /// <summary>How often a segment without records is due before it is stored.</summary>
    public const int IdleClosesMax = 10;

    /// <summary>
    /// How often a segment is due before the authentication and the members are read: the call costs an entry of raft.
    /// </summary>
    public const int SettingsEveryCloses = 10;

    /// <summary>How long the watch may make no progress towards the revision of a linearizable read.</summary>
    public static readonly TimeSpan BehindMax = TimeSpan.FromSeconds(10);

    private const int LeasesInFlightMax = 16;

    private Task<ChangeBatch>? _next;
    private int _idleCloses;
    private int _closes;

    /// <summary>Called when the authentication or the members of the cluster changed, which no watch reports.</summary>
    public required Action OnSettingsChanged { get; init; }

    /// <summary>Follows until asked to stop.</summary>
    /// <param name="stopping">Asks to stop. The segment is closed then.</param>
    /// <param name="cancellationToken">Ends at once.</param>
    /// <exception cref="LogBrokenException">The log cannot be continued.</exception>
    /// <exception cref="BackupException">With the reason of etcd.</exception>
    public async Task FollowAsync(CancellationToken stopping, CancellationToken cancellationToken)
    {
        DateTimeOffset due = time.GetUtcNow() + request.Log.CloseEvery;
        while (!stopping.IsCancellationRequested)
        {
            if (await WaitForResponseAsync(due, stopping))
            {
                await AppendAsync(cancellationToken);
            }

            if (segment.SizeBytes >= request.Log.CloseBytes || time.GetUtcNow() >= due)
            {
                await CloseAsync(cancellationToken);
                due = time.GetUtcNow() + request.Log.CloseEvery;
            }
        }

        await MarkAsync(cancellationToken);
        await StoreAsync(cancellationToken);
    }

    /// <summary>Waits for a response, but not longer than until a time. Returns whether there is one.</summary>
    private async Task<bool> WaitForResponseAsync(DateTimeOffset until, CancellationToken stopping)
    {
        _next ??= feed.ReadAsync();
        TimeSpan wait = until - time.GetUtcNow();
        if (!_next.IsCompleted && wait > TimeSpan.Zero)
        {
            using Deadline deadline = new(wait, time, stopping);
            await ((Task)_next).WaitAsync(deadline.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return _next.IsCompleted;
    }

    /// <summary>Appends the response that was read.</summary>
    private async Task AppendAsync(CancellationToken cancellationToken)
    {
        ChangeBatch batch = await _next!;
        _next = null;
        segment.Append(batch, time.GetUtcNow());
        observer.Received(batch.Records.Count);
        foreach (long[] leases in segment.NewLeases.Chunk(LeasesInFlightMax))
        {
            long?[] ttls = await Task.WhenAll(
                leases.Select(lease => member.FindLeaseTtlAsync(lease, cancellationToken)));
            foreach ((long lease, long? ttl) in leases.Zip(ttls))
            {
                segment.AddLease(lease, ttl);
            }
        }
    }

    private async Task CloseAsync(CancellationToken cancellationToken)
    {
        await MarkAsync(cancellationToken);
        if (_closes++ % SettingsEveryCloses == 0)
        {
            await CompareSettingsAsync(cancellationToken);
        }

        if (segment.Records > 0 || ++_idleCloses == IdleClosesMax)
        {
            await StoreAsync(cancellationToken);
        }
    }

    private async Task StoreAsync(CancellationToken cancellationToken)
    {
        _idleCloses = 0;
        (SegmentName name, MemoryStream bytes) = segment.Close(encryption);
        await queue.AddAsync(name, bytes, cancellationToken);
    }

    private async Task MarkAsync(CancellationToken cancellationToken)
    {
        long before = segment.Position.Last;
        DateTimeOffset requestedAt = time.GetUtcNow();
        long head = await member.ReadHeadAsync(cancellationToken);
        if (head < before)
        {
            throw new LogBrokenException(
                $"etcd is at revision {head}, and the log at {before}: the cluster was restored, or lost its latest "
                + "data");
        }

        using Deadline deadline = new(BehindMax, time, cancellationToken);
        while (segment.Position.Last < head)
        {
            _next ??= feed.ReadAsync();
            try
            {
                await _next.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException) when (deadline.HasPassed)
            {
                throw new BackupException(
                    FailureReason.EtcdUnreachable,
                    $"{member.Endpoint}: the watch sends nothing, although it is at revision {segment.Position.Last} "
                    + $"and etcd at {head}.");
            }

            await AppendAsync(cancellationToken);
            deadline.Restart();
            if (segment.SizeBytes >= request.Log.CloseBytes && segment.Position.Last < head)
            {
                // A long way behind: memory stays bounded, and the mark comes in a later segment.
                await StoreAsync(cancellationToken);
            }
        }

        segment.Mark(requestedAt, head);
        observer.Marked(segment.Position.MarkTime, head);
    }

    private async Task CompareSettingsAsync(CancellationToken cancellationToken)
    {
        if (settings.IsChanged(await member.ReadSettingsAsync(cancellationToken)))
        {
            OnSettingsChanged();
        }
    }
}
