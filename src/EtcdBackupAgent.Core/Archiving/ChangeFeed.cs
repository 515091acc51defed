using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Snapshots.ChangeLog;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>
/// The changes of a cluster after a position, in whole revisions and without a hole. It proves with the first response
/// that the cluster still has the history of the log (<c>docs/spec/change-log.md</c>, "Writing").
/// </summary>
internal sealed class ChangeFeed : IAsyncDisposable
{
    /// <summary>How long the first response of a continued watch may take.</summary>
    private static readonly TimeSpan FirstResponseTimeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long the events of the first revision may take. etcd sends them within a tenth of a second; until then a
    /// compaction could end the watch. A revision that was made by a restore has none.
    /// </summary>
    private static readonly TimeSpan FirstEventsTimeout = TimeSpan.FromSeconds(2);

    private readonly IWatchedMember _member;
    private readonly CancellationTokenSource _stop;
    private readonly IAsyncEnumerator<ChangeBatch> _watch;
    private Task<ChangeBatch>? _ahead;
    private Task<bool> _pending = Task.FromResult(true);
    private long _last;

    private ChangeFeed(IWatchedMember member, long from, CancellationToken cancellationToken)
    {
        _member = member;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _watch = member.WatchAsync(from, _stop.Token).GetAsyncEnumerator(_stop.Token);
    }

    /// <summary>Whether the first response may begin with the revision before the first one that is required.</summary>
    private bool IsFirst { get; set; }

    /// <summary>The records up to this revision are dropped: the log has them already.</summary>
    private long KnownUpTo { get; set; }

    /// <summary>Begins at the present: the records after a revision, and those of it if they are complete.</summary>
    /// <param name="member">The member.</param>
    /// <param name="head">The revision of a linearizable read at the member, at least 1.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <returns>The feed, after the member has confirmed the watch.</returns>
    /// <exception cref="BackupException">With the reason of the connection.</exception>
    public static async Task<ChangeFeed> BeginAsync(
        IWatchedMember member, long head, TimeProvider time, CancellationToken cancellationToken)
    {
        ChangeFeed feed = new(member, head, cancellationToken) { _last = head - 1, IsFirst = true };
        try
        {
            await feed.ReadInTimeAsync(head, time, cancellationToken);
            if (head > 1)
            {
                using Deadline deadline = new(FirstEventsTimeout, time, cancellationToken);
                feed._ahead = feed.ReadWholeAsync();
                await ((Task)feed._ahead)
                    .WaitAsync(deadline.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return feed;
        }
        catch
        {
            await feed.DisposeAsync();
            throw;
        }
    }

    /// <summary>Continues after a position.</summary>
    /// <exception cref="LogBrokenException">The cluster no longer has the history of the log.</exception>
    /// <exception cref="BackupException">With the reason of the connection.</exception>
    public static async Task<ChangeFeed> ContinueAsync(
        IWatchedMember member, LogPosition position, TimeProvider time, CancellationToken cancellationToken)
    {
        if (member.ClusterId != position.Lineage.ClusterId)
        {
            throw new LogBrokenException(
                $"etcd is cluster {member.ClusterId}, and the log is of {position.Lineage.ClusterId}");
        }

        if (member.Head < position.Last)
        {
            throw new LogBrokenException(
                $"etcd is at revision {member.Head}, and the log at {position.Last}: the cluster was restored, or lost "
                + "its latest data");
        }

        ChangeFeed feed = new(member, position.Last, cancellationToken)
        {
            _last = position.Last,
            KnownUpTo = position.Last,
        };
        try
        {
            await feed.ProveAsync(position, time, cancellationToken);
            return feed;
        }
        catch
        {
            await feed.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns the next response, together with those that complete its last revision.</summary>
    /// <exception cref="LogBrokenException">A revision is missing, or the member compacted the next one.</exception>
    /// <exception cref="BackupException">With the reason of the connection.</exception>
    public async Task<ChangeBatch> ReadAsync()
    {
        ChangeBatch batch = await (_ahead ?? ReadWholeAsync());
        _ahead = null;
        if (IsFirst && batch.Records.Count > 0)
        {
            IsFirst = false;
            batch = await WithoutDoubtfulAsync(batch);
        }

        if (batch.Records.Count > 0 && batch.Records[0].Main <= KnownUpTo)
        {
            batch = batch with { Records = [.. batch.Records.SkipWhile(record => record.Main <= KnownUpTo)] };
        }

        RequireContiguous(batch);
        return batch;
    }

    /// <summary>Ends the watch, and waits for a read that has not returned yet.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)_pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _watch.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>Whether a version may leave out deletions of the revision up to which it is compacted.</summary>
    internal static bool MayOmitDeletions(string version) =>
        Version.TryParse(version.Split('-')[0], out Version? parsed)
        && parsed is { Major: 3, Minor: 4, Build: < 34 } or { Major: 3, Minor: 5, Build: < 16 };

    /// <summary>Reads the events of the last revision of the log, compares its last record, and drops them.</summary>
    private async Task ProveAsync(LogPosition position, TimeProvider time, CancellationToken cancellationToken)
    {
        // The confirmation of the watch.
        await ReadInTimeAsync(position.Last, time, cancellationToken);

        // Revision 1 is that of an empty store: it has no events. Nothing is known of the first revision of a log.
        if (position.Resume == ResumeDigest.None)
        {
            return;
        }

        ChangeBatch batch = await ReadInTimeAsync(position.Last, time, cancellationToken);
        StoredRecord[] known = [.. batch.Records.TakeWhile(record => record.Main == position.Last)];
        if (known.Length == 0 || ResumeDigest.Of(known[^1]) != position.Resume)
        {
            throw new LogBrokenException(
                known.Length == 0
                    ? $"etcd no longer has revision {position.Last}, with which the log ends"
                    : $"etcd has another content for revision {position.Last} than the log: the cluster was restored");
        }

        if (MayOmitDeletions(_member.Version)
            && await _member.IsCompactedAsync(position.Last - 1, cancellationToken))
        {
            throw new LogBrokenException(
                $"etcd {_member.Version} may leave out deletions after it is compacted up to revision {position.Last}");
        }

        _ahead = Task.FromResult(batch);
    }

    /// <summary>Reads a response that must come soon.</summary>
    private async Task<ChangeBatch> ReadInTimeAsync(long from, TimeProvider time, CancellationToken cancellationToken)
    {
        using Deadline deadline = new(FirstResponseTimeout, time, cancellationToken);
        try
        {
            return await ReadWholeAsync().WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.HasPassed)
        {
            throw new BackupException(
                FailureReason.EtcdUnreachable,
                $"{_member.Endpoint}: the watch from revision {from} got no response within "
                + $"{FirstResponseTimeout.TotalSeconds:0} s.");
        }
    }

    /// <summary>
    /// Returns the first response without the records of the revision at which the watch began, if the member may have
    /// left out some of them.
    /// </summary>
    private async Task<ChangeBatch> WithoutDoubtfulAsync(ChangeBatch batch)
    {
        long head = _last + 1;
        bool isDoubtful = batch.Records[0].Main == head
            && head > 1
            && MayOmitDeletions(_member.Version)
            && await _member.IsCompactedAsync(head - 1, CancellationToken.None);
        if (batch.Records[0].Main == head && !isDoubtful)
        {
            return batch;
        }

        _last = head;
        return batch with { Records = [.. batch.Records.SkipWhile(record => record.Main == head)] };
    }

    private async Task<ChangeBatch> ReadWholeAsync()
    {
        List<StoredRecord> records = [];
        while (true)
        {
            ChangeBatch batch = await ReadResponseAsync();
            if (!batch.IsFragment && records.Count == 0)
            {
                return batch;
            }

            records.AddRange(batch.Records);
            if (!batch.IsFragment)
            {
                return batch with { Records = records };
            }
        }
    }

    private async Task<ChangeBatch> ReadResponseAsync()
    {
        try
        {
            _pending = _watch.MoveNextAsync().AsTask();
            return await _pending
                ? _watch.Current
                : throw new BackupException(
                    FailureReason.EtcdUnreachable, $"{_member.Endpoint}: the watch ended without an error.");
        }
        catch (CompactedException e)
        {
            throw new LogBrokenException(
                $"etcd has compacted up to revision {e.CompactRevision} before the log could be continued", e);
        }
    }

    private void RequireContiguous(ChangeBatch batch)
    {
        long sub = -1;
        foreach (StoredRecord record in batch.Records)
        {
            bool isNext = record.Main == _last + 1 && record.Sub == 0;
            if (!isNext && (record.Main != _last || sub < 0 || record.Sub != sub + 1))
            {
                throw new LogBrokenException(
                    $"etcd sent revision {record.Main}.{record.Sub} after {_last}: a change is missing");
            }

            (_last, sub) = (record.Main, record.Sub);
        }
    }
}
