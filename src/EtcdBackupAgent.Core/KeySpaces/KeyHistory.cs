using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Databases;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Places;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.ChangeLog;
using EtcdBackupAgent.Snapshots.KeySpaces;

namespace EtcdBackupAgent.Core.KeySpaces;

/// <summary>Which changes are searched for, and where.</summary>
public sealed record KeyHistoryRequest
{
    /// <summary>Selects the keys. It is called once for each record of each source.</summary>
    public required KeyFilter Keys { get; init; }

    /// <summary>The policy whose snapshots and change logs are read; null for all.</summary>
    public ResourceName? Policy { get; init; }

    /// <summary>
    /// Sources that were complete before this time are left out, except for the newest snapshot of each cluster, which
    /// has the state before the first change. Null for all.
    /// </summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>
/// All known changes of some keys: in the snapshots of a repository, which also have what etcd had not compacted yet,
/// and in its change logs. Values can be read until this is disposed.
/// </summary>
/// <remarks>
/// 1. List the snapshots and the change logs.
/// 2. Read one after the other, each in one pass. What cannot be read is a problem, and does not stop the rest.
/// 3. Put the records together (<see cref="HistoryLines"/>).
/// Memory depends on the number of changes alone; their values are in a file without a name.
/// </remarks>
public sealed class KeyHistory : IDisposable
{
    private readonly ValueSpool _values;
    private readonly List<BackupException> _problems = [];
    private readonly List<HistorySource> _sources = [];

    private KeyHistory(ValueSpool values) => _values = values;

    /// <summary>The histories, oldest first; usually one for each cluster.</summary>
    public IReadOnlyList<KeyLine> Lines { get; private set; } = [];

    /// <summary>The sources that could not be read.</summary>
    public IReadOnlyList<BackupException> Problems => _problems;

    /// <summary>Reads the history.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="identities">The keys of the repository.</param>
    /// <param name="scratchDirectory">Has room for the largest database.</param>
    /// <param name="request">What is searched for.</param>
    /// <param name="progress">Receives the progress in bytes.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    /// <exception cref="BackupException">
    /// With the store's reason, <see cref="FailureReason.TargetUnusable"/> for the scratch directory, or the reason of
    /// the first source if none can be read.
    /// </exception>
    public static async Task<KeyHistory> ReadAsync(
        BackupRepository repository,
        IReadOnlyList<AgeIdentity> identities,
        string scratchDirectory,
        KeyHistoryRequest request,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        SeparatePlaces.RequireForScratch(repository.Store, scratchDirectory);

        // 1
        Inventory inventory = await repository.TakeInventoryAsync(cancellationToken);
        LogInventory logs = await LogInventory.ReadAsync(repository.Store, cancellationToken);
        KeyHistory history = new(new ValueSpool(scratchDirectory));
        try
        {
            history._problems.AddRange(inventory.Unreadable.Select(unreadable => unreadable.Problem));
            history._problems.AddRange(logs.Lineages.Select(lineage => lineage.Problem).OfType<BackupException>());

            // 2
            DatabaseFetch fetch = new(repository.Store, identities, progress);
            foreach (Snapshot snapshot in SnapshotsOf(inventory, request))
            {
                await history.TryAsync(
                    () => history.AddAsync(snapshot, fetch, scratchDirectory, request.Keys, cancellationToken));
            }

            SegmentFetch segments = new(repository.Store, identities);
            foreach (LogPath path in PathsOf(logs, request))
            {
                await history.AddAsync(path, segments, request.Keys, progress, cancellationToken);
            }

            if (history._sources.Count == 0 && history._problems.Count > 0)
            {
                throw history._problems[0];
            }

            // 3
            history.Lines = HistoryLines.Of(history._sources);
            return history;
        }
        catch
        {
            history.Dispose();
            throw;
        }
    }

    /// <summary>Reads the value of a change that is not a deletion.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.TargetUnusable"/>.</exception>
    public ReadOnlyMemory<byte> ReadValue(KeyVersion version) => _values.Read(version.Value);

    /// <summary>Removes the values.</summary>
    public void Dispose() => _values.Dispose();

    private static IEnumerable<Snapshot> SnapshotsOf(Inventory inventory, KeyHistoryRequest request)
    {
        Snapshot[] own =
        [
            .. inventory.Snapshots.Where(
                snapshot => snapshot.Manifest.Database is not null
                    && (request.Policy is not { } policy || snapshot.Manifest.Policy == policy)),
        ];
        return own
            .GroupBy(snapshot => snapshot.Manifest.ClusterId)
            .SelectMany(cluster =>
            {
                int before = cluster.Count(snapshot => snapshot.Manifest.CompletedAt < request.Since);
                return cluster.Order(Snapshot.ByTime).Skip(Math.Max(0, before - 1));
            });
    }

    private static IEnumerable<LogPath> PathsOf(LogInventory logs, KeyHistoryRequest request) => logs.Lineages
        .Where(lineage => request.Policy is not { } policy || lineage.Document?.Policy == policy)
        .SelectMany(LogPath.Of)
        .Where(path => request.Since is not { } since || path.End >= since)
        .Select(path => request.Since is not { } since
            ? path
            : path with { Segments = [.. path.Segments.SkipWhile(segment => segment.Name.End < since)] });

    /// <summary>Reads a source. A failure that concerns only this one is remembered.</summary>
    /// <returns>Whether it was read.</returns>
    private async Task<bool> TryAsync(Func<Task> read)
    {
        try
        {
            await read();
            return true;
        }
        catch (BackupException e) when (e.Reason is FailureReason.DataDamaged or FailureReason.KeyRefused
            or FailureReason.ObjectNotFound or FailureReason.SnapshotNotFound)
        {
            _problems.Add(e);
            return false;
        }
    }

    private async Task AddAsync(
        Snapshot snapshot,
        DatabaseFetch fetch,
        string scratchDirectory,
        KeyFilter filter,
        CancellationToken cancellationToken)
    {
        SnapshotManifest manifest = snapshot.Manifest;
        RestorePoint point = RestorePoint.Of(snapshot);
        HistorySource source = new()
        {
            Name = $"snapshot {snapshot.Id}",
            ClusterId = manifest.ClusterId,
            StartedAt = manifest.StartedAt,
            CompletedAt = manifest.CompletedAt,
            RevisionAtStart = manifest.Revision,
            IsLog = false,
        };
        fetch.RequireReadable(point);
        using ScratchFile scratch = ScratchFile.Create(scratchDirectory, DatabaseFetch.RoomBytes(point));
        WrittenDatabase written = await scratch.FillAsync(
            (file, directory) => fetch.WriteAsync(point, file, directory, cancellationToken));
        try
        {
            DatabaseRevisions revisions = await scratch.ReadAsync(
                file => KeyRecordReader.Read(
                    file,
                    written.SizeBytes - SnapshotTrailerCheck.TrailerSizeBytes,
                    filter,
                    record => source.Add(Store(record, notBefore: null, notAfter: null)),
                    cancellationToken),
                cancellationToken);
            (source.Compacted, source.Last) = (revisions.Compacted, revisions.Last);
            _sources.Add(source);
        }
        catch (SnapshotDamagedException e)
        {
            throw new BackupException(
                FailureReason.DataDamaged, $"Snapshot {snapshot.Id} is damaged: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>
    /// Reads the segments of a path. Those that follow each other without a damaged one between them are one source.
    /// </summary>
    private async Task AddAsync(
        LogPath path,
        SegmentFetch fetch,
        KeyFilter filter,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        string step = $"change log {path.Lineage.Id}";
        long total = path.Segments.Sum(segment => segment.SizeBytes);
        long done = 0;
        HistorySource? source = null;
        bool hasKey = await TryAsync(() =>
        {
            fetch.RequireKey(path);
            return Task.CompletedTask;
        });
        if (!hasKey)
        {
            return;
        }

        await using FetchedSegments fetched = fetch.Begin(path, cancellationToken);
        IReadOnlyList<LogSegment> segments = fetched.Path;
        for (int i = 0; i < segments.Count; i++)
        {
            LogSegment segment = segments[i];
            List<SourceRecord> records = [];
            if (!await TryAsync(() => ReadAsync(path, segment, fetch, filter, records, cancellationToken)))
            {
                source = null;
            }
            else
            {
                if (source is null)
                {
                    source = SourceOf(path, segment);
                    _sources.Add(source);
                }

                records.ForEach(source.Add);
                source.Last = Math.Max(source.Last, segment.Last);
            }

            done += path.Segments[i].SizeBytes;
            progress.Report(new TransferProgress(step, done, total));
        }
    }

    private static HistorySource SourceOf(LogPath path, LogSegment first) => new()
    {
        Name = $"change log {path.Lineage.Id}",
        ClusterId = path.Lineage.ClusterId,
        StartedAt = path.Lineage.StartedAt,
        IsLog = true,
        Compacted = first.First - 1,
        Last = first.Last,
    };

    private async Task ReadAsync(
        LogPath path,
        LogSegment segment,
        SegmentFetch fetch,
        KeyFilter filter,
        List<SourceRecord> records,
        CancellationToken cancellationToken)
    {
        try
        {
            await SegmentRecords.ReadAsync(
                segment,
                filter,
                logged =>
                {
                    // The lineage begins with a read that returned this revision.
                    bool isBefore = logged.Record.Revision <= path.Lineage.StartRevision;
                    records.Add(Store(
                        logged.Record,
                        isBefore ? null : logged.CompleteBefore,
                        isBefore ? path.Lineage.StartedAt : logged.ReceivedAt));
                },
                cancellationToken);
        }
        catch (Exception e) when (SegmentFetch.IsContentFailure(e))
        {
            throw fetch.Explain(path, e).WithMessage(
                $"The segment {segment.Name} of the change log {path.Lineage.Id} cannot be read: "
                + $"{e.Message.TrimEnd('.')}.");
        }
    }

    private SourceRecord Store(KeyRecord record, DateTimeOffset? notBefore, DateTimeOffset? notAfter) => new(
        record with { Value = default },
        record.IsDeletion ? default : _values.Add(record.Value.Span),
        notBefore,
        notAfter);
}
