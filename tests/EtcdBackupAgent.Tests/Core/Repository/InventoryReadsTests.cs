using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Repository;

/// <summary>The number of documents that are read at the same time when a repository is listed.</summary>
public sealed class InventoryReadsTests : IDisposable
{
    private const int Bound = SnapshotReader.ManifestReadsInFlightMax;

    private readonly UseCaseFixture _fixture = new();

    [Fact]
    public async Task Manifests_are_read_in_parallel_up_to_the_limit_and_returned_in_order_of_time()
    {
        SnapshotFolder[] folders = await MakeAsync(Bound * 3);
        GatheringObjectStore store =
            new(_fixture.Store, Bound, key => folders.Any(folder => folder.ManifestKey == key));

        Inventory inventory = await TakeInventoryAsync(store);

        Assert.Equal(folders, inventory.Snapshots.Select(snapshot => snapshot.Folder));
        Assert.Equal(Bound, store.InFlightMax);
    }

    public void Dispose() => _fixture.Dispose();

    private static async Task<Inventory> TakeInventoryAsync(IObjectStore store) =>
        await (await BackupRepository.OpenAsync(store, CancellationToken.None)).TakeInventoryAsync(
            CancellationToken.None);

    /// <returns>The folders, oldest first.</returns>
    private async Task<SnapshotFolder[]> MakeAsync(int count)
    {
        BackupRepository repository = await _fixture.InitAsync();
        SnapshotFolder[] folders =
            [.. Enumerable.Range(0, count).Select(
                i => new SnapshotFolder(SampleSnapshots.NewYear.AddHours(i), SnapshotId.New()))];
        foreach (SnapshotFolder folder in folders)
        {
            SnapshotManifest manifest = SampleSnapshots.Manifest(folder);
            await repository.CommitAsync(folder, manifest with { Artifacts = [] }, CancellationToken.None);
        }

        return folders;
    }
}
