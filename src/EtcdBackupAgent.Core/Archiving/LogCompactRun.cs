using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Locks;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Snapshots.ChangeLog;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>What a compaction of a change log did.</summary>
/// <param name="Before">The number of segments that were merged.</param>
/// <param name="After">The number of segments that replace them.</param>
public sealed record LogCompactReport(int Before, int After);

/// <summary>
/// Merges old segments of a change log into larger ones (<c>docs/spec/change-log.md</c>, "Compaction"). It needs an
/// identity, because it reads the segments.
/// </summary>
/// <remarks>
/// 1. Find the paths of the policy, and in them the groups of small segments that are old enough. Leave out those with
///    a locked segment: it could not be removed, and the merged one would only add to it.
/// 2. Merge a group, and store the result.
/// 3. Read the result back. Only then remove the segments of the group.
/// A failure or a kill leaves segments that overlap, which every reader accepts.
/// </remarks>
public sealed class LogCompactRun(
    BackupRepository repository, IReadOnlyList<AgeIdentity> identities, TimeProvider time)
{
    /// <summary>Segments that end later are left alone: the writer may still continue from them.</summary>
    public static readonly TimeSpan AgeMin = TimeSpan.FromHours(1);

    /// <summary>The most stored bytes of the segments that are merged into one.</summary>
    public const long GroupBytesMax = 4 << 20;

    /// <summary>The most segments that are merged into one.</summary>
    public const int GroupSegmentsMax = 5000;

    private const int DeletesMax = 1000;

    private readonly SegmentFetch _fetch = new(repository.Store, identities);

    /// <summary>Merges the segments.</summary>
    /// <param name="policy">The policy; null for all of the repository.</param>
    /// <param name="cancellationToken">A cancelled call has merged some groups completely.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/>, <see cref="FailureReason.DataDamaged"/>, or the store's reason.
    /// </exception>
    public async Task<LogCompactReport> ExecuteAsync(ResourceName? policy, CancellationToken cancellationToken)
    {
        // 1. the groups
        LogInventory logs = await LogInventory.ReadAsync(repository.Store, cancellationToken);
        DateTimeOffset old = time.GetUtcNow() - AgeMin;
        LogPath[] groups =
        [
            .. logs.Lineages
                .Where(lineage => policy is null || lineage.Document?.Policy == policy)
                .SelectMany(LogPath.Of)
                .SelectMany(path => Groups(path, old)),
        ];
        groups = await WithoutLockedAsync(groups, cancellationToken);
        foreach (LogPath group in groups)
        {
            _fetch.RequireKey(group);
        }

        foreach (LogPath group in groups)
        {
            // 2. the larger segment
            SegmentName merged = await MergeAsync(group, cancellationToken);

            // 3. the smaller ones
            await ProveAsync(group, merged, cancellationToken);
            ObjectKey[] smaller = [.. group.Segments.Select(s => s.Name.Key).Where(key => key != merged.Key)];
            foreach (ObjectKey[] some in smaller.Chunk(DeletesMax))
            {
                await repository.Store.DeleteAsync(some, cancellationToken);
            }
        }

        return new LogCompactReport(groups.Sum(group => group.Segments.Count), groups.Length);
    }

    private async Task<LogPath[]> WithoutLockedAsync(LogPath[] groups, CancellationToken cancellationToken)
    {
        if (repository.Store is not LockedObjectStore locked)
        {
            return groups;
        }

        List<LogPath> free = [];
        foreach (LogPath group in groups)
        {
            if (!await group.Segments.Reverse().ToAsyncEnumerable()
                .AnyAsync(async (s, token) => await locked.IsLockedAsync(s.Name.Key, token), cancellationToken))
            {
                free.Add(group);
            }
        }

        return [.. free];
    }

    /// <summary>Returns the groups of consecutive segments of a path that are worth merging.</summary>
    internal static IEnumerable<LogPath> Groups(LogPath path, DateTimeOffset old)
    {
        List<StoredSegment> group = [];
        long bytes = 0;
        foreach (StoredSegment segment in path.Segments.TakeWhile(s => s.Name.End < old))
        {
            if (group.Count > 0
                && (bytes + segment.SizeBytes > GroupBytesMax || group.Count == GroupSegmentsMax))
            {
                if (group.Count > 1)
                {
                    yield return path with { Segments = group };
                }

                (group, bytes) = ([], 0);
            }

            group.Add(segment);
            bytes += segment.SizeBytes;
        }

        if (group.Count > 1)
        {
            yield return path with { Segments = group };
        }
    }

    private async Task<SegmentName> MergeAsync(LogPath group, CancellationToken cancellationToken)
    {
        using MemoryStream plain = new();
        await using FetchedSegments segments = _fetch.Begin(group, cancellationToken);
        MergedSegment merged;
        try
        {
            merged = await SegmentMerge.WriteAsync(
                segments.Path, group.Lineage.Id.Value, group.Lineage.ClusterId.Value, plain, cancellationToken);
        }
        catch (Exception e) when (e is LogMismatchException || SegmentFetch.IsContentFailure(e))
        {
            throw _fetch.Explain(group, e);
        }

        SegmentName name = new()
        {
            Lineage = group.Lineage.Id,
            First = merged.First,
            Last = merged.Last,
            End = group.End,
            Resume = merged.Resume,
            Encryption = repository.Document.Encryption.Kind,
        };
        using MemoryStream stored = await SegmentSeal.SealAsync(repository, name, plain, cancellationToken);
        await repository.Store.PutAsync(name.Key, stored, cancellationToken);
        return name;
    }

    /// <summary>Reads the stored segment to its digest. The smaller ones are removed only after that.</summary>
    private async Task ProveAsync(LogPath group, SegmentName merged, CancellationToken cancellationToken)
    {
        LogPath one = group with { Segments = [new StoredSegment(merged, SizeBytes: 0)] };
        await using FetchedSegments segments = _fetch.Begin(one, cancellationToken);
        try
        {
            SegmentTimes times =
                await SegmentTimes.ReadAsync(segments.Path[0], _ => { }, cancellationToken);
            if (times.Last != merged.Last)
            {
                throw new BackupException(
                    FailureReason.DataDamaged, $"{merged.Key} was stored with another content than it was written.");
            }
        }
        catch (Exception e) when (SegmentFetch.IsContentFailure(e))
        {
            throw _fetch.Explain(one, e);
        }
    }
}
