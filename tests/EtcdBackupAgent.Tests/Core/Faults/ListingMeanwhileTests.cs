using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Faults;

/// <summary>A listing takes time, and other agents work at the same time.</summary>
public sealed class ListingMeanwhileTests : IDisposable
{
    private readonly UseCaseFixture _fixture = new();
    private readonly FaultyObjectStore _store;

    public ListingMeanwhileTests() => _store = new FaultyObjectStore(_fixture.Store);

    [Fact]
    public async Task A_snapshot_that_completes_during_a_listing_is_complete()
    {
        BackupOutcome made = await MakeAsync();
        // The listing passed the place of the data before they were stored, and that of the manifest after it was.
        _store.Unseen = (listing, key) => listing == 1 && key != made.Folder.ManifestKey;

        Inventory inventory = await TakeInventoryAsync();

        Assert.True(Assert.Single(inventory.Snapshots).IsComplete);
    }

    [Fact]
    public async Task A_snapshot_that_is_removed_during_a_listing_does_not_exist()
    {
        BackupOutcome made = await MakeAsync();
        _store.Unseen =
            (listing, key) => listing == 1 ? key != made.Folder.ManifestKey : key == made.Folder.ManifestKey;

        Inventory inventory = await TakeInventoryAsync();

        Assert.Empty(inventory.Snapshots);
        Assert.Empty(inventory.Unreadable);
    }

    [Fact]
    public async Task A_snapshot_that_has_lost_its_data_stays_incomplete()
    {
        BackupOutcome made = await MakeAsync();
        File.Delete(Path.Combine(_fixture.RepositoryPath, made.Folder.Key("certs.tar.zst").Value));

        Snapshot listed = Assert.Single((await TakeInventoryAsync()).Snapshots);

        Assert.Equal(ArtifactKind.Certs, Assert.Single(listed.Missing).Kind);
    }

    public void Dispose() => _fixture.Dispose();

    private async Task<BackupOutcome> MakeAsync() =>
        await _fixture.BackUpAsync(await _fixture.InitAsync(), SnapshotBytes.Create(512));

    private async Task<Inventory> TakeInventoryAsync() =>
        await (await BackupRepository.OpenAsync(_store, CancellationToken.None)).TakeInventoryAsync(
            CancellationToken.None);
}
