using System.Text;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Copies;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Copies;

/// <summary>A copy has the same objects, and an interrupted one is continued.</summary>
public sealed class CopyRunTests : IDisposable
{
    private readonly UseCaseFixture _fixture = new();
    private readonly List<string> _warnings = [];

    public CopyRunTests() => Far = new DirectoryObjectStore(_fixture["far"], TimeProvider.System);

    private IObjectStore Far { get; }

    [Fact]
    public async Task All_snapshots_are_copied_once_with_records_and_notes()
    {
        BackupRepository repository = await FillAsync();
        _ = await _fixture.DeepVerifyRun(repository)
            .VerifyAsync(idText: null, UseCaseFixture.NoProgress, CancellationToken.None)
            .ToListAsync();

        await Put(_fixture.Store, "restores/a1-00000001.json", "{}");
        await Put(_fixture.Store, "keys/0badcafe.age", "key");

        IReadOnlyList<CopyOutcome> first = await CopyAsync(repository, Far);
        IReadOnlyList<CopyOutcome> second = await CopyAsync(repository, Far);

        Assert.All(first, outcome => Assert.True(outcome is { Existed: false, Problem: null, CopiedBytes: > 0 }));
        Assert.All(second, outcome => Assert.True(outcome is { Existed: true, Problem: null }));
        await AssertSameAsync();
        Assert.Empty(_warnings);
        BackupRepository copy = await BackupRepository.OpenAsync(Far, CancellationToken.None);
        Assert.Equal(repository.Document.Id, copy.Document.Id);
        Assert.All((await copy.TakeInventoryAsync(CancellationToken.None)).Snapshots, s => Assert.True(s.IsProved));
    }

    [Fact]
    public async Task The_latest_is_copied_alone()
    {
        BackupRepository repository = await FillAsync();

        CopyOutcome copied = Assert.Single(await CopyAsync(repository, Far, "latest"));

        Inventory far = await (await BackupRepository.OpenAsync(Far, CancellationToken.None))
            .TakeInventoryAsync(CancellationToken.None);
        Assert.Equal(copied.Folder, Assert.Single(far.Snapshots).Folder);
    }

    [Fact]
    public async Task A_base_is_copied_before_the_incremental_snapshot_that_stands_on_it()
    {
        using IncrementScene scene = await IncrementScene.CreateAsync();
        BackupRepository repository = await BackupRepository.OpenAsync(scene.Files.Store, CancellationToken.None);
        scene.Scratch = new ScratchSpace
        {
            Directory = Directory.CreateDirectory(scene.Files.ScratchPath).FullName,
            IsNamed = true,
        };
        SnapshotId incremental = (await scene.BackUpAsync()).Manifest.Id;
        FaultyObjectStore far = new(Far);

        IReadOnlyList<CopyOutcome> copied = await CopyAsync(repository, far, incremental.Value);

        Assert.Equal([scene.Base.Manifest.Id, incremental], copied.Select(outcome => outcome.Folder.Id));
        Snapshot found = await (await BackupRepository.OpenAsync(Far, CancellationToken.None))
            .FindAsync(incremental.Value, CancellationToken.None);
        Assert.True(found.IsComplete);
    }

    [Theory]
    [InlineData(FaultMoment.Before)]
    [InlineData(FaultMoment.Midway)]
    [InlineData(FaultMoment.After)]
    public async Task A_copy_that_is_interrupted_at_any_operation_is_continued(FaultMoment moment)
    {
        BackupRepository repository = await FillAsync();
        for (int failAt = 1; ; failAt++)
        {
            string path = _fixture[$"far-{failAt}"];
            using DirectoryObjectStore inner = new(path, TimeProvider.System);
            FaultyObjectStore faulty = new(inner)
            {
                FailAt = failAt,
                Moment = moment,
                ForGood = true,
                MidwayBytes = 100,
            };
            Exception? failure = await Record.ExceptionAsync(() => CopyAsync(repository, faulty));
            if (!faulty.Struck)
            {
                Assert.Null(failure);
                Assert.True(failAt > 10, $"only {failAt - 1} operations");
                return;
            }

            Assert.Equal(FailureReason.StoreFailed, Assert.IsType<BackupException>(failure).Reason);
            if (Directory.Exists(path) && File.Exists(Path.Combine(path, "repository.json")))
            {
                Inventory half = await (await BackupRepository.OpenAsync(inner, CancellationToken.None))
                    .TakeInventoryAsync(CancellationToken.None);
                Assert.All(half.Snapshots, snapshot => Assert.True(snapshot.IsComplete));
            }

            _ = await CopyAsync(repository, inner);
            await AssertSameAsync(inner);
        }
    }

    [Fact]
    public async Task A_damaged_object_is_not_copied_and_the_other_snapshots_are()
    {
        BackupRepository repository = await FillAsync();
        Inventory inventory = await repository.TakeInventoryAsync(CancellationToken.None);
        SnapshotManifest damaged = inventory.Snapshots[0].Manifest;
        string file = Path.Combine(_fixture.RepositoryPath, damaged.Database!.Key.Value);
        byte[] bytes = await File.ReadAllBytesAsync(file);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);

        IReadOnlyList<CopyOutcome> outcomes = await CopyAsync(repository, Far);

        CopyOutcome failed = Assert.Single(outcomes, outcome => outcome.Problem is not null);
        Assert.Equal(damaged.Id, failed.Folder.Id);
        Assert.Contains($"{damaged.Database.Key} in", failed.Problem!.Message, StringComparison.Ordinal);
        Assert.Equal(inventory.Snapshots.Count - 1, outcomes.Count(outcome => outcome.Problem is null));
        Assert.DoesNotContain(
            await KeysAsync(Far),
            key => key.StartsWith(failed.Folder.ToString(), StringComparison.Ordinal)
                && !key.EndsWith(".tar.zst", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_changed_object_that_an_interrupted_copy_left_is_copied_again()
    {
        BackupRepository repository = await FillAsync();
        _ = await CopyAsync(repository, Far);
        SnapshotFolder folder = (await repository.TakeInventoryAsync(CancellationToken.None)).Snapshots[0].Folder;
        File.Delete(Path.Combine(_fixture["far"], folder.ManifestKey.Value));
        string file = Path.Combine(_fixture["far"], $"{folder}etcd.db.zst");
        byte[] bytes = await File.ReadAllBytesAsync(file);
        bytes[0] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);

        _ = await CopyAsync(repository, Far);

        await AssertSameAsync();
    }

    [Fact]
    public async Task Another_manifest_of_the_same_snapshot_is_reported_and_kept()
    {
        BackupRepository repository = await FillAsync();
        _ = await CopyAsync(repository, Far);
        SnapshotFolder folder = (await repository.TakeInventoryAsync(CancellationToken.None)).Snapshots[0].Folder;
        string file = Path.Combine(_fixture["far"], folder.ManifestKey.Value);
        await File.WriteAllTextAsync(file, "{}");

        CopyOutcome wrong = Assert.Single(
            await CopyAsync(repository, Far), outcome => outcome.Problem is not null);

        Assert.Contains("differs from that of", wrong.Problem!.Message, StringComparison.Ordinal);
        Assert.Equal("{}", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Another_repository_is_refused_and_not_changed()
    {
        BackupRepository repository = await FillAsync();
        _ = await BackupRepository.InitAsync(Far, new Unprotected(), TimeProvider.System, CancellationToken.None);
        IReadOnlyList<string> before = await KeysAsync(Far);

        BackupException refused = await Assert.ThrowsAsync<BackupException>(() => CopyAsync(repository, Far));

        Assert.Equal(FailureReason.RepositoryExists, refused.Reason);
        Assert.Contains("and not a copy of", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await KeysAsync(Far));
    }

    [Fact]
    public async Task A_directory_in_the_repository_is_refused()
    {
        BackupRepository repository = await FillAsync();
        using DirectoryObjectStore inside = new(Path.Combine(_fixture.RepositoryPath, "copy"), TimeProvider.System);

        BackupException refused = await Assert.ThrowsAsync<BackupException>(() => CopyAsync(repository, inside));

        Assert.Equal(FailureReason.InvalidInput, refused.Reason);
    }

    public void Dispose()
    {
        Far.Dispose();
        _fixture.Dispose();
    }

    private static async Task Put(IObjectStore store, string key, string text) =>
        _ = await store.TryCreateAsync(
            new ObjectKey(key), Encoding.UTF8.GetBytes(text), CancellationToken.None);

    private async Task<BackupRepository> FillAsync()
    {
        BackupRepository repository = await _fixture.InitAsync();
        for (int seed = 1; seed <= 2; seed++)
        {
            _ = await _fixture.BackUpAsync(repository, SnapshotBytes.Create(8192, seed));
        }

        return repository;
    }

    private async Task<IReadOnlyList<CopyOutcome>> CopyAsync(
        BackupRepository repository, IObjectStore far, string? id = null) =>
        await new CopyRun(repository, far, TimeProvider.System)
            .ExecuteAsync(id, UseCaseFixture.NoProgress, _warnings.Add, CancellationToken.None)
            .ToListAsync();

    private async Task AssertSameAsync(IObjectStore? far = null)
    {
        far ??= Far;
        IReadOnlyList<string> keys = await KeysAsync(_fixture.Store);
        Assert.Equal(keys, await KeysAsync(far));
        foreach (string key in keys)
        {
            Assert.Equal(await ReadAsync(_fixture.Store, key), await ReadAsync(far, key));
        }
    }

    private static async Task<IReadOnlyList<string>> KeysAsync(IObjectStore store) =>
        await store.ListAsync("", CancellationToken.None).Select(found => found.Key.Value).ToListAsync();

    private static async Task<byte[]> ReadAsync(IObjectStore store, string key)
    {
        await using Stream content = await store.OpenReadAsync(new ObjectKey(key), range: null, CancellationToken.None);
        using MemoryStream bytes = new();
        await content.CopyToAsync(bytes);
        return bytes.ToArray();
    }
}
