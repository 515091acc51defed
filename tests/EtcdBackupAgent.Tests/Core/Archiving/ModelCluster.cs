using System.Runtime.CompilerServices;
using System.Threading.Channels;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using LogRecord = EtcdBackupAgent.Snapshots.ChangeLog.StoredRecord;
using ModelRecord = EtcdBackupAgent.Tests.Snapshots.Revisions.StoredRecord;

namespace EtcdBackupAgent.Tests.Core.Archiving;

/// <summary>
/// A model of an etcd cluster that can be watched: its history in memory. It can be compacted, cut off, and restored to
/// an earlier revision, after which it counts the same revisions again.
/// </summary>
internal sealed class ModelCluster : IChangeSource
{
    private readonly Lock _gate = new();
    private readonly List<Member> _members = [];
    private List<LogRecord> _records = [];

    public EtcdId ClusterId { get; set; } = new(0xcdf8_181e_3277_7d00);

    public string Version { get; set; } = "3.5.30";

    public long Head { get; private set; } = 1;

    public long Compacted { get; private set; } = -1;

    public string Settings { get; set; } = "off";

    /// <summary>The time to live of each lease; a lease that is not contained is gone.</summary>
    public Dictionary<long, long> Leases { get; } = [];

    /// <summary>Whether members refuse connections and calls.</summary>
    public bool IsAway { get; set; }

    /// <summary>Whether watches send nothing.</summary>
    public bool IsSilent { get; set; }

    /// <summary>The revision that is left out of every watch; 0 for none.</summary>
    public long Lost { get; set; }

    public int Connections { get; private set; }

    public int LinearizableReads { get; private set; }

    /// <summary>Makes one transaction of puts.</summary>
    public void Put(string key, string value = "v", long lease = 0) => Commit(
        [(key, value, lease, IsTombstone: false)]);

    public void Delete(string key) => Commit([(key, "", 0, IsTombstone: true)]);

    public void Commit(IReadOnlyList<(string Key, string Value, long Lease, bool IsTombstone)> changes)
    {
        lock (_gate)
        {
            Head++;
            LogRecord[] added =
            [
                .. changes.Select((change, sub) => new LogRecord(
                    Head,
                    sub,
                    change.IsTombstone,
                    new ModelRecord
                    {
                        Revision = new(Head, sub),
                        Key = change.Key,
                        IsTombstone = change.IsTombstone,
                        Created = Head,
                        Version = 1,
                        Value = System.Text.Encoding.UTF8.GetBytes(change.Value),
                        Lease = change.Lease,
                    }.RawValue)),
            ];
            _records.AddRange(added);
            if (!IsSilent && Lost != Head)
            {
                Send(added);
            }
        }
    }

    public void Compact(long revision) => Compacted = revision;

    /// <summary>Closes all connections.</summary>
    public void Cut()
    {
        lock (_gate)
        {
            foreach (Member member in _members)
            {
                member.Close();
            }

            _members.Clear();
        }
    }

    /// <summary>Restores an earlier revision, as a restore with the same token does.</summary>
    public void RestoreTo(long revision)
    {
        Cut();
        _records = [.. _records.Where(record => record.Main <= revision)];
        Head = revision;
    }

    public IReadOnlyList<LogRecord> Records(long from, long to)
    {
        lock (_gate)
        {
            return [.. _records.Where(record => record.Main >= from && record.Main <= to)];
        }
    }

    public Task<IWatchedMember> ConnectAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Connections++;
        if (IsAway)
        {
            throw new BackupException(FailureReason.EtcdUnreachable, "http://127.0.0.1:1: connection refused.");
        }

        lock (_gate)
        {
            Member member = new(this);
            _members.Add(member);
            return Task.FromResult<IWatchedMember>(member);
        }
    }

    private void Send(IReadOnlyList<LogRecord> records)
    {
        ChangeBatch batch = new() { Records = records, HeaderRevision = Head, IsFragment = false };
        foreach (Member member in _members)
        {
            member.Responses.Writer.TryWrite(batch);
        }
    }

    private sealed class Member(ModelCluster cluster) : IWatchedMember
    {
        public Channel<ChangeBatch> Responses { get; } = Channel.CreateUnbounded<ChangeBatch>();

        public string Endpoint => "http://127.0.0.1:1";

        public EtcdId ClusterId => cluster.ClusterId;

        public EtcdId MemberId { get; } = new(1);

        public string Version => cluster.Version;

        public long Head { get; } = cluster.Head;

        public bool IsClosed { get; private set; }

        public void Close()
        {
            IsClosed = true;
            Responses.Writer.TryComplete();
        }

        public Task<long> ReadHeadAsync(CancellationToken cancellationToken)
        {
            ThrowIfClosed();
            cluster.LinearizableReads++;
            return Task.FromResult(cluster.Head);
        }

        public async IAsyncEnumerable<ChangeBatch> WatchAsync(
            long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            if (fromRevision < cluster.Compacted)
            {
                throw new CompactedException(Endpoint, fromRevision, cluster.Compacted);
            }

            long sent;
            ChangeBatch first;
            lock (cluster._gate)
            {
                sent = cluster.Head;
                first = new ChangeBatch
                {
                    Records = cluster.Records(fromRevision, sent),
                    HeaderRevision = sent,
                    IsFragment = false,
                };
            }

            yield return new ChangeBatch { Records = [], HeaderRevision = sent, IsFragment = false };
            if (first.Records.Count > 0 && !cluster.IsSilent)
            {
                yield return first;
            }

            await foreach (ChangeBatch batch in Responses.Reader.ReadAllAsync(cancellationToken))
            {
                if (batch.Records[0].Main > sent)
                {
                    yield return batch;
                }
            }

            ThrowIfClosed();
        }

        public Task<bool> IsCompactedAsync(long revision, CancellationToken cancellationToken) =>
            Task.FromResult(revision < cluster.Compacted);

        public Task<long?> FindLeaseTtlAsync(long leaseId, CancellationToken cancellationToken)
        {
            ThrowIfClosed();
            return Task.FromResult<long?>(cluster.Leases.TryGetValue(leaseId, out long ttl) ? ttl : null);
        }

        public Task<string> ReadSettingsAsync(CancellationToken cancellationToken) =>
            Task.FromResult(cluster.Settings);

        public ValueTask DisposeAsync()
        {
            Close();
            return ValueTask.CompletedTask;
        }

        private void ThrowIfClosed()
        {
            if (IsClosed || cluster.IsAway)
            {
                throw new BackupException(FailureReason.EtcdUnreachable, $"{Endpoint}: the connection was lost.");
            }
        }
    }
}
