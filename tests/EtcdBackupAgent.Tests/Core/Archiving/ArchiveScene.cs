using System.Collections.Concurrent;
using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Snapshots.ChangeLog;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Time;
using LogRecord = EtcdBackupAgent.Snapshots.ChangeLog.StoredRecord;

namespace EtcdBackupAgent.Tests.Core.Archiving;

/// <summary>An archive of a model cluster into a directory, with a clock that the test moves.</summary>
internal sealed class ArchiveScene : IArchiveObserver, IAsyncDisposable
{
    public static readonly ResourceName Policy = new(ResourceName.NamespaceDefault, "nightly");

    private readonly UseCaseFixture _fixture = new();
    private readonly ConcurrentQueue<string> _events = new();
    private readonly List<(DateTimeOffset At, long Revision)> _marks = [];
    private int _found;
    private CancellationTokenSource _stopping = new();
    private Task _run = Task.CompletedTask;

    public ModelCluster Cluster { get; } = new();

    public ManualTime Time { get; } = new(new DateTimeOffset(2026, 11, 29, 10, 0, 0, TimeSpan.Zero));

    public IObjectStore Store => _fixture.Store;

    public BackupRepository? Repository { get; private set; }

    public PolicyChangeLog Log { get; set; } = new();

    /// <summary>Called before each snapshot; may throw.</summary>
    public Action OnSnapshot { get; set; } = () => { };

    /// <summary>What becomes of each snapshot.</summary>
    public Func<BackupOutcome, Task<BackupOutcome>> AfterSnapshot { get; set; } = Task.FromResult;

    /// <summary>Everything that the observer was told, in order.</summary>
    public IReadOnlyList<string> Events => [.. _events];

    /// <summary>Where the log in the repository ended when the archive began.</summary>
    public LogPosition? OpenedAt { get; private set; }

    /// <summary>How often the lineage was found to have a snapshot.</summary>
    public int Found => _found;

    /// <summary>The marks that were made, also those that are not stored.</summary>
    public IReadOnlyList<(DateTimeOffset At, long Revision)> Marks
    {
        get
        {
            lock (_marks)
            {
                return [.. _marks];
            }
        }
    }

    /// <summary>
    /// Starts the archive, and waits until it has begun or continued its log. A new one has its first snapshot then.
    /// </summary>
    public async Task StartAsync(IObjectStore? store = null, bool withSnapshot = true)
    {
        Repository ??= await _fixture.InitAsync();
        BackupRepository repository = store is null
            ? Repository
            : await BackupRepository.OpenAsync(store, Time, CancellationToken.None);
        int before = _events.Count;
        _stopping = new CancellationTokenSource();
        ArchiveRun run = new(repository, Cluster, MakeSnapshotAsync, this, "1.2.3", Time);
        _run = run.ExecuteAsync(Request(), _stopping.Token);
        await UntilAsync("the log begins or continues", e => e.StartsWith("began", StringComparison.Ordinal)
            || e.StartsWith("continued", StringComparison.Ordinal)
            || e.StartsWith("lost", StringComparison.Ordinal), before);
        if (withSnapshot && Events.Skip(before).Any(e => e.StartsWith("began", StringComparison.Ordinal)))
        {
            await UntilAsync(
                "its snapshot", e => e.StartsWith("snapshot:", StringComparison.Ordinal), before);
        }
    }

    public ArchiveRequest Request() => new()
    {
        Policy = Policy,
        Log = Log,
        SnapshotEvery = TimeSpan.FromHours(24),
    };

    /// <summary>Asks to stop, and lets the time of retries pass.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await AdvanceUntilAsync("the end of the archive", () => Task.FromResult(_run.IsCompleted));
        await _run;
    }

    /// <summary>Lets the time pass until a segment with a revision is stored.</summary>
    public Task CloseAsync(long revision) => AdvanceUntilAsync(
        $"a segment with revision {revision}",
        async () => (await LineagesAsync()).SelectMany(l => l.Segments).Any(s => s.Name.Last >= revision));

    /// <summary>Lets the time pass, a second at a time, until a condition holds.</summary>
    public Task AdvanceUntilAsync(string what, Func<Task<bool>> condition) =>
        TestDeadline.UntilAsync(what, async () =>
        {
            if (await condition())
            {
                return true;
            }

            Time.Advance(TimeSpan.FromSeconds(1));
            return false;
        });

    public Task UntilAsync(string what, Func<string, bool> matches, int skip = 0) =>
        TestDeadline.UntilAsync(what, () => _run.IsFaulted
            ? Task.FromException<bool>(_run.Exception!.InnerException!)
            : Task.FromResult(Events.Skip(skip).Any(matches)));

    public async Task<IReadOnlyList<LogLineage>> LineagesAsync() =>
        (await LogInventory.ReadAsync(Store, CancellationToken.None)).Lineages;

    /// <summary>Reads a path through the reader of a restore.</summary>
    public async Task<IReadOnlyList<LogRecord>> ReadAsync(LogPath path, List<LogLease>? leases = null)
    {
        List<LogRecord> records = [];
        await using FetchedSegments segments = new SegmentFetch(Store, []).Begin(path, CancellationToken.None);
        await using LogReader reader = new(
            segments.Path, path.Lineage.Id.Value, path.Lineage.ClusterId.Value);
        while (await reader.MoveNextAsync(CancellationToken.None))
        {
            if (reader.Segment.IsRecord)
            {
                records.Add(new LogRecord(
                    reader.Segment.Revision.Main,
                    reader.Segment.Revision.Revision.Sub,
                    reader.Segment.Revision.IsTombstone,
                    reader.Segment.Value.ToArray()));
            }
            else if (reader.Segment.Item == LogItem.Lease)
            {
                leases?.Add(reader.Segment.Lease);
            }
        }

        return records;
    }

    public void Opened(LogPosition? end) => OpenedAt = end;

    public void Began(LineageDocument lineage, IWatchedMember member) => _events.Enqueue($"began: {lineage.Reason}");

    public void Continued(LineageId lineage, long revision, IWatchedMember member) =>
        _events.Enqueue($"continued at {revision}");

    public void Lost(BackupException failure, TimeSpan wait) => _events.Enqueue($"lost: {failure.Message}");

    public void Marked(DateTimeOffset at, long revision)
    {
        lock (_marks)
        {
            _marks.Add((at, revision));
        }
    }

    public void Stored(SegmentName segment, long bytes) => _events.Enqueue($"stored {segment.First}-{segment.Last}");

    public void StoreFailed(BackupException failure, int waitingSegments, long waitingBytes, TimeSpan wait) =>
        _events.Enqueue($"store failed: {waitingSegments} wait");

    public void Paused(long waitingBytes) => _events.Enqueue("paused");

    public void SnapshotFound(SnapshotId id) => Interlocked.Increment(ref _found);

    public void SnapshotMade(BackupOutcome outcome, string reason) => _events.Enqueue($"snapshot: {reason}");

    public void SnapshotFailed(BackupException failure, TimeSpan wait) =>
        _events.Enqueue($"snapshot failed: {failure.Message}");

    public void Pruned(int segments) => _events.Enqueue($"pruned {segments}");

    public void PruneFailed(BackupException failure) => _events.Enqueue($"prune failed: {failure.Message}");

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
        _fixture.Dispose();
    }

    private async Task<BackupOutcome> MakeSnapshotAsync(SnapshotLog log, CancellationToken cancellationToken)
    {
        OnSnapshot();
        ISnapshotSource source = SnapshotBytes.Source(
            SnapshotBytes.Create(8 * 512),
            member: sample => sample with { ClusterId = Cluster.ClusterId, Revision = Cluster.Head });
        BackupRun run = new(Repository!, source, "1.2.3", Time) { Scratch = ScratchSpace.None };
        return await AfterSnapshot(await run.ExecuteAsync(
            new BackupRequest
            {
                Policy = Policy,
                Occasion = BackupOccasion.Scheduled,
                HashKv = PolicyHashKv.Never,
                ChangeLog = log,
            },
            UseCaseFixture.NoProgress,
            cancellationToken));
    }
}
