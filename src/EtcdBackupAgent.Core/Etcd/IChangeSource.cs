using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Snapshots.ChangeLog;

namespace EtcdBackupAgent.Core.Etcd;

/// <summary>The source of a change log: a live cluster whose changes can be watched.</summary>
public interface IChangeSource
{
    /// <summary>
    /// Connects to a member that votes, knows a leader and has no CORRUPT alarm; a follower before the leader. It
    /// returns only after a linearizable read at this member succeeded.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.EtcdUnreachable"/>, <see cref="FailureReason.EtcdDenied"/> or
    /// <see cref="FailureReason.EtcdFailed"/>; the message lists each endpoint that was tried and why it was not used.
    /// <see cref="FailureReason.InvalidInput"/> if the endpoints belong to different clusters.
    /// </exception>
    Task<IWatchedMember> ConnectAsync(CancellationToken cancellationToken);
}

/// <summary>
/// A connection to one member. All calls go to this member, and may be made while a watch is being read. A failure is a
/// <see cref="BackupException"/> with one of the <c>Etcd*</c> reasons; the connection is then of no further use.
/// Disposing it ends the watch.
/// </summary>
public interface IWatchedMember : IAsyncDisposable
{
    /// <summary>The client URL of the member.</summary>
    string Endpoint { get; }

    /// <summary>The ID of the cluster, from the response to the first linearizable read.</summary>
    EtcdId ClusterId { get; }

    /// <summary>The ID of the member.</summary>
    EtcdId MemberId { get; }

    /// <summary>The version of the server, such as <c>3.5.30</c>.</summary>
    string Version { get; }

    /// <summary>The revision of the linearizable read that was made when the connection was opened.</summary>
    long Head { get; }

    /// <summary>
    /// Makes a linearizable read of one key that does not exist, and returns the revision of the store. All writes that
    /// completed before the call are at most at this revision.
    /// </summary>
    /// <exception cref="BackupException">
    /// No leader, no response in time, or the response of another member or cluster.
    /// </exception>
    Task<long> ReadHeadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Watches all keys. The first item has no records: it says that the member has confirmed the watch. The responses
    /// are read from the network only as fast as they are consumed. The watch ends with a failure if the member loses
    /// its leader or no longer responds; it never ends without one. The changes are in the order of their revisions,
    /// and those of one revision are complete and numbered from 0. The exception is a watch from exactly the compacted
    /// revision: etcd before 3.4.34 and 3.5.16 may leave out its deletions. A missing revision is not a failure: the
    /// caller must notice it.
    /// </summary>
    /// <param name="fromRevision">The first revision to deliver, above 0.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <exception cref="CompactedException">
    /// The member no longer has the first revision, or the next one, if the caller read more slowly than the cluster
    /// compacts.
    /// </exception>
    IAsyncEnumerable<ChangeBatch> WatchAsync(long fromRevision, CancellationToken cancellationToken);

    /// <summary>
    /// Whether the member has compacted past a revision, so that it can no longer be read. No revision below 1 is
    /// compacted.
    /// </summary>
    Task<bool> IsCompactedAsync(long revision, CancellationToken cancellationToken);

    /// <summary>
    /// Returns the granted time to live of a lease, in seconds; null if the lease is gone. A follower asks the leader.
    /// </summary>
    Task<long?> FindLeaseTtlAsync(long leaseId, CancellationToken cancellationToken);

    /// <summary>
    /// Returns what no watch reports: the state of the authentication and of the members, as a text to compare. It
    /// changes if one of them changed. etcd 3.4 does not report its authentication: there the text contains only the
    /// members. Costs two calls. Since 3.5 the first one is a small entry of raft's log, without a revision.
    /// </summary>
    Task<string> ReadSettingsAsync(CancellationToken cancellationToken);
}

/// <summary>One response of a watch.</summary>
public sealed record ChangeBatch
{
    /// <summary>The changes in the order of their revisions; possibly none.</summary>
    public required IReadOnlyList<StoredRecord> Records { get; init; }

    /// <summary>The revision of the member when it sent the response.</summary>
    public required long HeaderRevision { get; init; }

    /// <summary>
    /// Whether the response is continued in the next one. The last revision may then be incomplete.
    /// </summary>
    public required bool IsFragment { get; init; }
}

/// <summary>A watch cannot begin or go on, because the member has compacted past its next revision.</summary>
public sealed class CompactedException(string endpoint, long revision, long compactRevision)
    : Exception($"{endpoint}: revision {revision} has been compacted: etcd has compacted up to {compactRevision}")
{
    /// <summary>The oldest revision that can be watched.</summary>
    public long CompactRevision { get; } = compactRevision;
}
