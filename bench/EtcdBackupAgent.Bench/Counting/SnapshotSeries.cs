using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Tests.Core;

namespace EtcdBackupAgent.Bench.Counting;

/// <summary>Repositories of many snapshots, an hour apart, whose artifacts are of no use but there.</summary>
internal static class SnapshotSeries
{
    /// <summary>Of every snapshot.</summary>
    public const string Policy = "nightly";

    private const int WritesInFlightMax = 32;

    /// <summary>Makes a repository, and so many snapshots in it.</summary>
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
