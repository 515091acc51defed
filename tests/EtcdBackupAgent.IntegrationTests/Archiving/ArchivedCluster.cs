using System.Collections.Concurrent;
using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Archiving;

/// <summary>A real etcd whose changes are archived into a directory, and restores from there.</summary>
internal sealed class ArchivedCluster : IArchiveObserver, IAsyncDisposable
{
    private static readonly IProgress<TransferProgress> NoProgress = new Progress<TransferProgress>();

    private readonly TestDirectory _directory;
    private readonly EtcdConnection _connection;
    private readonly IObjectStore _store;
    private readonly BackupRepository _repository;
    private readonly ConcurrentQueue<string> _events = new();
    private CancellationTokenSource _stopping = new();
    private Task _run = Task.CompletedTask;
    private long _stored;

    private ArchivedCluster(
        EtcdConnection connection, IObjectStore store, BackupRepository repository, TestDirectory directory) =>
        (_connection, _store, _repository, _directory) = (connection, store, repository, directory);

    /// <summary>The policy that the log and its snapshots are of.</summary>
    public ResourceName Policy { get; init; } = new(ResourceName.NamespaceDefault, "nightly");

    /// <summary>How often segments are closed.</summary>
    public PolicyChangeLog Log { get; set; } = new() { CloseEvery = TimeSpan.FromSeconds(1), CloseBytes = 64 << 10 };

    /// <summary>Runs between the status of a member and the opening of its snapshot.</summary>
    public Func<Task> BeforeSnapshot { get; set; } = () => Task.CompletedTask;

    /// <summary>Everything that the observer was told, in order.</summary>
    public IReadOnlyList<string> Events => [.. _events];

    public string this[string name] => _directory[name];

    public static async Task<ArchivedCluster> CreateAsync(EtcdConnection connection)
    {
        TestDirectory directory = new();
        DirectoryObjectStore store = new(directory["repository"], TimeProvider.System);
        BackupRepository repository =
            await BackupRepository.InitAsync(store, new Unprotected(), TimeProvider.System, CancellationToken.None);
        return new ArchivedCluster(connection, store, repository, directory);
    }

    /// <summary>Archives into a new repository in a store, which is disposed with this.</summary>
    public static async Task<ArchivedCluster> InAsync(EtcdConnection connection, IObjectStore store) => new(
        connection,
        store,
        await BackupRepository.InitAsync(store, new Unprotected(), TimeProvider.System, CancellationToken.None),
        new TestDirectory());

    /// <summary>Archives into an existing repository in a directory.</summary>
    public static async Task<ArchivedCluster> InAsync(
        EtcdConnection connection, string repositoryPath, ResourceName policy)
    {
        DirectoryObjectStore store = new(repositoryPath, TimeProvider.System);
        return new ArchivedCluster(
            connection, store, await BackupRepository.OpenAsync(store, CancellationToken.None), new TestDirectory())
        {
            Policy = policy,
        };
    }

    /// <summary>Starts the archive, and waits until its log has a snapshot.</summary>
    public async Task StartAsync()
    {
        int before = _events.Count;
        _stopping = new CancellationTokenSource();
        ArchiveRun run = new(
            _repository,
            new EtcdChangeSource(_connection, TimeProvider.System, NullLogger<EtcdChangeSource>.Instance),
            (log, token) => BackUpAsync(incremental: false, log, token),
            this,
            "1.2.3",
            TimeProvider.System);
        _run = run.ExecuteAsync(
            new ArchiveRequest { Policy = Policy, Log = Log, SnapshotEvery = TimeSpan.FromDays(1) }, _stopping.Token);
        await UntilAsync(
            "the log to begin or to continue",
            e => e.StartsWith("snapshot:", StringComparison.Ordinal)
                || e.StartsWith("continued", StringComparison.Ordinal),
            before);
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _run;
    }

    /// <summary>Makes another snapshot of the same policy, as its schedule does.</summary>
    public Task<BackupOutcome> BackUpAsync(bool incremental) =>
        BackUpAsync(incremental, log: null, CancellationToken.None);

    /// <summary>Waits until a revision is stored.</summary>
    public Task UntilStoredAsync(long revision) => TestDeadline.UntilAsync(
        $"revision {revision} to be stored",
        () => _run.IsFaulted
            ? Task.FromException<bool>(_run.Exception!.InnerException!)
            : Task.FromResult(Interlocked.Read(ref _stored) >= revision));

    public async Task<Snapshot> FindAsync(SnapshotId id) =>
        await _repository.FindAsync(id.Value, CancellationToken.None);

    public async Task<IReadOnlyList<RestoreWindow>> WindowsAsync() => RestoreWindow.Of(
        await _repository.TakeInventoryAsync(CancellationToken.None),
        await LogInventory.ReadAsync(_store, CancellationToken.None));

    /// <summary>Restores to a snapshot file, and returns its path.</summary>
    public async Task<(string Path, RestoreOutcome Outcome)> RestoreAsync(
        RestoreSelection selection, string name)
    {
        RestoreOutcome outcome = await new RestoreRun(_repository).ExecuteAsync(
            selection, [], _directory[name], overwrite: true, NoProgress, CancellationToken.None);
        return (outcome.SnapshotPath!, outcome);
    }

    /// <summary>Verifies a revision deeply; a problem fails the test.</summary>
    public async Task<DeepVerifyOutcome> VerifyAsync(long revision)
    {
        Directory.CreateDirectory(_directory["scratch"]);
        DeepVerifyRun run = new(_repository, [], _directory["scratch"], "1.2.3", TimeProvider.System);
        DeepVerifyOutcome outcome = await run.VerifyAsync(
            new RestoreSelection { Revision = revision }, NoProgress, CancellationToken.None);
        Assert.True(
            outcome.IsSound,
            string.Join('\n', outcome.Record!.Checks.SelectMany(check => check.Problems)));
        return outcome;
    }

    /// <summary>Proves the log with its snapshots.</summary>
    public async Task<IReadOnlyList<DeepVerifyOutcome>> ProveAsync()
    {
        Directory.CreateDirectory(_directory["scratch"]);
        DeepVerifyRun verify = new(_repository, [], _directory["scratch"], "1.2.3", TimeProvider.System);
        return await new LogProofRun(_repository, verify, "1.2.3", TimeProvider.System)
            .ExecuteAsync(Policy, NoProgress, CancellationToken.None)
            .ToListAsync();
    }

    /// <summary>Replaces the manifest of a snapshot, which the agent never does.</summary>
    public async Task ReplaceManifestAsync(Snapshot snapshot, Func<SnapshotManifest, SnapshotManifest> change)
    {
        await _store.DeleteAsync([snapshot.Folder.ManifestKey], CancellationToken.None);
        Assert.True(await _store.TryCreateAsync(
            snapshot.Folder.ManifestKey, RepositoryJson.Write(change(snapshot.Manifest)), CancellationToken.None));
    }

    public void Began(LineageDocument lineage, IWatchedMember member) => _events.Enqueue($"began: {lineage.Reason}");

    public void Continued(LineageId lineage, long revision, IWatchedMember member) =>
        _events.Enqueue($"continued at {revision}");

    public void Lost(BackupException failure, TimeSpan wait) => _events.Enqueue($"lost: {failure.Message}");

    public void Stored(SegmentName segment, long bytes) => Interlocked.Exchange(ref _stored, segment.Last);

    public void StoreFailed(BackupException failure, int waitingSegments, long waitingBytes, TimeSpan wait) =>
        _events.Enqueue($"store failed: {failure.Message}");

    public void Paused(long waitingBytes) => _events.Enqueue("paused");

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
        _store.Dispose();
        _directory.Dispose();
    }

    private Task UntilAsync(string what, Func<string, bool> matches, int skip) => TestDeadline.UntilAsync(
        what,
        () => _run.IsFaulted
            ? Task.FromException<bool>(_run.Exception!.InnerException!)
            : Task.FromResult(Events.Skip(skip).Any(matches)));

    private Task<BackupOutcome> BackUpAsync(bool incremental, SnapshotLog? log, CancellationToken cancellationToken)
    {
        InterruptedSource source = new(
            new EtcdSnapshotSource(_connection, TimeProvider.System, NullLogger<EtcdSnapshotSource>.Instance),
            () => BeforeSnapshot());
        BackupRun run = new(_repository, source, "1.2.3", TimeProvider.System)
        {
            Scratch = new ScratchSpace { Directory = _directory.Path, IsNamed = true },
        };
        return run.ExecuteAsync(
            new BackupRequest
            {
                Policy = Policy,
                Occasion = BackupOccasion.Scheduled,
                HashKv = PolicyHashKv.AfterBackup,
                Increments = incremental ? new PolicyIncrements { SizeMaxPercent = 100 } : null,
                ChangeLog = log,
            },
            NoProgress,
            cancellationToken);
    }

    /// <summary>A source that does something between the status and the stream, where the agent cannot.</summary>
    private sealed class InterruptedSource(ISnapshotSource inner, Func<Task> between) : ISnapshotSource
    {
        public async Task<EtcdSnapshot> OpenAsync(CancellationToken cancellationToken)
        {
            EtcdMember before;
            await using (EtcdSnapshot status = await inner.OpenAsync(cancellationToken))
            {
                before = status.Member;
            }

            await between();
            EtcdSnapshot snapshot = await inner.OpenAsync(cancellationToken);
            return new EtcdSnapshot(before, snapshot.SizeBytes, snapshot.Content, snapshot.AskHashKvAsync)
            {
                HasRevisionAsync = snapshot.HasRevisionAsync,
            };
        }

        public Task<EtcdSnapshot> OpenForChangesAsync(EtcdId preferredMember, CancellationToken cancellationToken) =>
            inner.OpenForChangesAsync(preferredMember, cancellationToken);
    }
}
