using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Storage.S3;

namespace EtcdBackupAgent.Bench.ChangeLogs;

/// <summary>
/// The names of a week of segments, which is all that <c>list --windows</c> and <c>prune</c> read. The segments have no
/// content.
/// </summary>
internal static class SegmentWeek
{
    private const int RequestsInFlight = 16;
    private const int RevisionsOfSegment = 10;

    private static readonly TimeSpan CloseEvery = TimeSpan.FromSeconds(30);

    /// <summary>Stores the objects.</summary>
    /// <param name="options">
    /// A bucket with an unencrypted repository and a snapshot of just now. The last segment has its revision.
    /// </param>
    /// <param name="segments">The number of segments.</param>
    /// <param name="cancellationToken">A cancelled call has stored some.</param>
    public static async Task StoreAsync(
        S3Options options, int segments, CancellationToken cancellationToken)
    {
        using S3ObjectStore store = new(options, TimeProvider.System);
        BackupRepository repository = await BackupRepository.OpenAsync(store, cancellationToken);
        SnapshotManifest snapshot =
            (await repository.TakeInventoryAsync(cancellationToken)).Snapshots[^1].Manifest;
        DateTimeOffset start = TimeProvider.System.GetUtcNow() - ((segments - 2) * CloseEvery);
        long startRevision = snapshot.Revision - ((segments - 1) * (long)RevisionsOfSegment);
        LineageId lineage = LineageId.New();
        LineageDocument document = new()
        {
            FormatVersion = RepositoryJson.LogFormatVersion,
            Id = lineage,
            ClusterId = snapshot.ClusterId,
            Policy = snapshot.Policy,
            Labels = new Dictionary<string, string>(StringComparer.Ordinal),
            AgentVersion = "0.0.0",
            StartedAt = start,
            StartRevision = startRevision,
            Reason = "measured",
        };
        await store.TryCreateAsync(document.Key, RepositoryJson.Write(document), cancellationToken);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, segments),
            new ParallelOptions { MaxDegreeOfParallelism = RequestsInFlight, CancellationToken = cancellationToken },
            async (index, token) =>
            {
                long first = startRevision + 1 + ((long)index * RevisionsOfSegment);
                SegmentName name = new()
                {
                    Lineage = lineage,
                    First = first,
                    Last = first + RevisionsOfSegment - 1,
                    End = start + ((index + 1) * CloseEvery),
                    Resume = default,
                    Encryption = ArtifactEncryption.None,
                };
                await store.TryCreateAsync(name.Key, new byte[1], token);
            });
    }
}
