using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Testing.Etcd;

/// <summary>
/// A source that fails at its Nth operation. An operation is opening the snapshot, a HashKV call, the question for
/// a revision, or a read of the stream; they are counted in the order of the calls. A test runs its flow with N = 1, 2,
/// 3 … until no fault strikes.
/// </summary>
public sealed class FaultySnapshotSource(ISnapshotSource inner) : ISnapshotSource
{
    /// <summary>The name of the HashKV call in <see cref="Operations"/>.</summary>
    public const string HashKvQuestion = "ask for HashKV";

    /// <summary>The name of the question for a revision in <see cref="Operations"/>.</summary>
    public const string RevisionQuestion = "ask for a revision";

    private readonly Lock _gate = new();
    private readonly List<string> _operations = [];

    /// <summary>The number of the operation that fails, counted from 1; 0 for none.</summary>
    public int FailAt { get; set; }

    /// <summary>Whether the operation fails before it is done, or after, so that its result is lost.</summary>
    public FaultMoment Moment { get; set; }

    /// <summary>Whether the flow reached the fault.</summary>
    public bool Struck { get; private set; }

    /// <summary>All operations so far, including the one that failed.</summary>
    public IReadOnlyList<string> Operations
    {
        get
        {
            lock (_gate)
            {
                return [.. _operations];
            }
        }
    }

    public Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken) =>
        OpenAsync(inner.OpenAsync, cancellationToken);

    public Task<EtcdSnapshot> OpenForChangesAsync(EtcdId preferredMember, CancellationToken cancellationToken) =>
        OpenAsync(token => inner.OpenForChangesAsync(preferredMember, token), cancellationToken);

    private async Task<EtcdSnapshot> OpenAsync(
        Func<CancellationToken, Task<EtcdSnapshot>> open, CancellationToken cancellationToken)
    {
        const string Operation = "open the snapshot";
        bool fails = Count(Operation);
        if (fails && Moment == FaultMoment.Before)
        {
            throw Fault(Operation);
        }

        EtcdSnapshot snapshot = await open(cancellationToken);
        if (fails)
        {
            await snapshot.DisposeAsync();
            throw Fault(Operation);
        }

        return new EtcdSnapshot(
            snapshot.Member,
            snapshot.SizeBytes,
            new WatchedStream(snapshot.Content, (read, token) => RunAsync("read the snapshot", read, token)),
            token => RunAsync(HashKvQuestion, snapshot.AskHashKvAsync, token))
        {
            HasRevisionAsync = (revision, token) =>
                RunAsync(RevisionQuestion, one => snapshot.HasRevisionAsync(revision, one), token),
            NotLinearizableReason = snapshot.NotLinearizableReason,
        };
    }

    private async Task<T> RunAsync<T>(
        string operation, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        bool fails = Count(operation);
        if (fails && Moment == FaultMoment.Before)
        {
            throw Fault(operation);
        }

        T result = await call(cancellationToken);
        return fails ? throw Fault(operation) : result;
    }

    private bool Count(string operation)
    {
        lock (_gate)
        {
            _operations.Add(operation);
            bool fails = _operations.Count == FailAt;
            Struck |= fails;
            return fails;
        }
    }

    private static BackupException Fault(string operation) =>
        new(FailureReason.EtcdFailed, $"The test made '{operation}' fail.");

    private sealed class WatchedStream(
        Stream inner,
        Func<Func<CancellationToken, Task<int>>, CancellationToken, Task<int>> run
    ) : PullStream(inner)
    {
        protected override int Pull(Span<byte> buffer) =>
            throw new NotSupportedException("A snapshot is read asynchronously.");

        protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            await run(token => Source.ReadAsync(buffer, token).AsTask(), cancellationToken);

        protected override void Release() => Source.Dispose();

        protected override ValueTask ReleaseAsync() => Source.DisposeAsync();
    }
}
