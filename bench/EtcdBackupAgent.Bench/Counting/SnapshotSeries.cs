using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Tests.Core;

namespace EtcdBackupAgent.Bench.Counting;

/// <summary>
/// Creates repositories with many snapshots, one hour apart. Their artifacts have no meaningful content.
/// </summary>
internal static class SnapshotSeries
{
    /// <summary>The policy of every snapshot.</summary>
    public const string Policy = "nightly";

    private const int WritesInFlightMax = 32;

    /// <summary>Creates a repository with a number of snapshots.</summary>
    public static async Task MakeAsync(IObjectStore store, int count, CancellationToken cancellationToken)
    {
        BackupRepository repository = await BackupRepository.InitAsync(
            store, new Unprotected(), TimeProvider.System, cancellationToken);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = WritesInFlightMax, CancellationToken = cancellationToken },
            async (index, token) =>
            {
                SnapshotFolder folder = new(SampleSnapshots.NewYear.AddHours(index - count), SnapshotId.New());
                SnapshotManifest manifest = SampleSnapshots.Manifest(folder, Policy);
                foreach (ArtifactManifest artifact in manifest.Artifacts)
                {
                    using MemoryStream bytes = new(new byte[artifact.StoredBytes]);
                    await store.PutAsync(artifact.Key, bytes, token);
                }

                await repository.CommitAsync(folder, manifest, token);
            });
    }
}
