using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>
/// Writes the change log of one policy until it is asked to stop (<c>docs/spec/change-log.md</c>, "Writing").
/// </summary>
/// <remarks>
/// <para>
/// 1. Find where the log of the policy ends.
/// 2. Connect to a member, with a linearizable read.
/// 3. Continue the log there, and prove that the cluster still has its history; or begin a new lineage, with the
/// reason.
/// 4. Follow the watch: append, close segments (<see cref="LogWriter"/>). When the connection fails, go back to 2.
/// 5. Meanwhile, store the segments in their order (<see cref="SegmentQueue"/>), and make the snapshots on which the
/// log
///    is applied, the first one after the watch has begun (<see cref="SnapshotKeeper"/>).
/// 6. When asked to stop, close the segment and store what waits, within <see cref="StopTimeout"/>.
/// </para>
/// <para>
/// Failures of etcd and of the store are reported to the observer and tried again; none ends the run. A kill loses the
/// open segment; the next run continues if etcd still has its revisions.
/// </para>
/// </remarks>
public sealed class ArchiveRun(
    BackupRepository repository,
    IChangeSource source,
    Func<SnapshotLog, CancellationToken, Task<BackupOutcome>> makeSnapshot,
    IArchiveObserver observer,
    string agentVersion,
    TimeProvider time)
{
    /// <summary>How long closing and storing may take after the request to stop.</summary>
    public static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan RetryFirst = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(30);

    private readonly KnownSettings _settings = new();

    /// <summary>The place for sealed segments that the store does not take in time.</summary>
    public ScratchSpace Scratch { get; init; } = ScratchSpace.None;

    private ArtifactEncryption Encryption => repository.Document.Encryption.Kind;

    /// <summary>Writes the log until asked to stop.</summary>
    /// <param name="request">Whose changes, and how.</param>
    /// <param name="stopping">Asks to stop.</param>
    /// <exception cref="BackupException">
    /// The repository cannot be read at the beginning; the endpoints belong to several clusters; or what was read could
    /// not be stored before the end.
    /// </exception>
    public async Task ExecuteAsync(ArchiveRequest request, CancellationToken stopping)
    {
        // 1. the end of the log
        LogPosition? end = LogPosition.Find(await LogInventory.ReadAsync(repository.Store, stopping), request);
        observer.Opened(end);

        using CancellationTokenSource ending = new();
        await using SegmentQueue queue = new(repository, Scratch, observer, time);
        using SnapshotKeeper snapshots = new(repository, request, makeSnapshot, observer, time);

        // 2. to 5. These run until the end; an error that they do not expect ends the run.
        Task storing = queue.RunAsync(ending.Token);
        using CancellationTokenSource snapshotsStop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task keeping = snapshots.RunAsync(snapshotsStop.Token);
        await using CancellationTokenRegistration grace = stopping.Register(() => ending.CancelAfter(StopTimeout));
        Task writing = WriteAsync(request, end, queue, snapshots, stopping, ending.Token);
        if (await Task.WhenAny(writing, storing, keeping) is { IsFaulted: true })
        {
            await ending.CancelAsync();
        }

        await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // 6. the end
        await snapshotsStop.CancelAsync();
        queue.Complete();
        await Task.WhenAll(keeping, storing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ThrowFirstAsync(keeping, storing, writing);
    }

    /// <summary>Throws the first unexpected error; then the one of segments that could not be stored in time.</summary>
    private static async Task ThrowFirstAsync(Task keeping, Task storing, Task writing)
    {
        foreach (Task failed in new[] { keeping, storing, writing }.Where(task => task.IsFaulted))
        {
            await failed;
        }

        if (storing.IsCanceled || writing.IsCanceled)
        {
            throw new BackupException(
                FailureReason.Cancelled,
                $"The last segments of the change log could not be stored within {StopTimeout.TotalSeconds:0} s.");
        }
    }

    private async Task WriteAsync(
        ArchiveRequest request,
        LogPosition? end,
        SegmentQueue queue,
        SnapshotKeeper snapshots,
        CancellationToken stopping,
        CancellationToken ending)
    {
        BackOff backOff = new(time, RetryFirst, RetryMax);
        using LogEnd log = new(end);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                // 2. the member
                await using IWatchedMember member = await source.ConnectAsync(stopping);

                // 3. the lineage
                await using ChangeFeed feed = await OpenAsync(request, log, member, queue, ending);
                snapshots.Follow(log.Segment!.Position.Lineage);
                backOff.Reset();

                // 4. its changes
                LogWriter writer = new(
                    request, Encryption, member, feed, log.Segment, _settings, queue, observer, time)
                {
                    OnSettingsChanged = () => snapshots.Request("the authentication or the members of etcd changed"),
                };
                await writer.FollowAsync(stopping, ending);
            }
            catch (LogBrokenException e)
            {
                await StoreRestAsync(log, queue, ending);
                log.Break(e.Message);
            }
            catch (BackupException e) when (IsOfEtcd(e) && !stopping.IsCancellationRequested)
            {
                TimeSpan wait = backOff.Next();
                observer.Lost(e, wait);
                await backOff.WaitAsync(wait, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) when (stopping.IsCancellationRequested
                && (e is OperationCanceledException || (e is BackupException failure && IsOfEtcd(failure))))
            {
                // Asked to stop while etcd cannot be reached.
            }
        }

        await StoreRestAsync(log, queue, ending);
    }

    /// <summary>Continues the log at a member, or begins a new lineage.</summary>
    private async Task<ChangeFeed> OpenAsync(
        ArchiveRequest request, LogEnd log, IWatchedMember member, SegmentQueue queue, CancellationToken ending)
    {
        if (log.Segment is { } segment)
        {
            ChangeFeed continued = await ChangeFeed.ContinueAsync(member, segment.Position, time, ending);
            observer.Continued(segment.Position.Lineage.Id, segment.Position.Last, member);
            return continued;
        }

        // The time comes before the read: every write that completed until then is at most at its revision.
        DateTimeOffset startedAt = time.GetUtcNow();
        long head = await member.ReadHeadAsync(ending);
        LineageDocument lineage = new()
        {
            FormatVersion = RepositoryJson.LogFormatVersion,
            Id = LineageId.New(),
            ClusterId = member.ClusterId,
            Policy = request.Policy,
            Labels = request.Labels,
            AgentVersion = agentVersion,
            StartedAt = startedAt,
            StartRevision = head,
            Reason = log.Reason,
            Previous = log.Previous,
        };
        ChangeFeed begun = await ChangeFeed.BeginAsync(member, head, time, ending);
        queue.Add(lineage);
        log.Begin(lineage);
        observer.Began(lineage, member);
        return begun;
    }

    /// <summary>Stores what is in the open segment, without a new mark.</summary>
    private async Task StoreRestAsync(LogEnd log, SegmentQueue queue, CancellationToken ending)
    {
        if (log.Segment is { IsEmpty: false } segment)
        {
            (SegmentName name, MemoryStream bytes) = segment.Close(Encryption);
            await queue.AddAsync(name, bytes, ending);
        }
    }

    private static bool IsOfEtcd(BackupException failure) => failure.Reason
        is FailureReason.EtcdUnreachable or FailureReason.EtcdDenied or FailureReason.EtcdFailed;

    /// <summary>The open segment of the log, or the reason why a new lineage must begin.</summary>
    private sealed class LogEnd : IDisposable
    {
        public LogEnd(LogPosition? end) => Segment = end is null ? null : new OpenSegment(end);

        public OpenSegment? Segment { get; private set; }

        public string Reason { get; private set; } = "the policy has no change log yet";

        public LineageId? Previous { get; private set; }

        public void Begin(LineageDocument lineage) => Segment = new OpenSegment(LogPosition.AtStart(lineage));

        public void Break(string reason)
        {
            (Reason, Previous) = (reason, Segment?.Position.Lineage.Id ?? Previous);
            Segment?.Dispose();
            Segment = null;
        }

        public void Dispose() => Segment?.Dispose();
    }
}
