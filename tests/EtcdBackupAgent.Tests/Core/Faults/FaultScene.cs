using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Faults;

/// <summary>
/// A repository of three snapshots whose store makes one operation of a flow fail, and the conditions that must be met
/// afterwards.
/// </summary>
internal sealed class FaultScene : IDisposable
{
    private const int SnapshotsBefore = 3;

    private readonly UseCaseFixture _fixture = new();

    private FaultScene() => Store = new FaultyObjectStore(_fixture.Store) { MidwayBytes = 100 };

    /// <summary>The store as the flow sees it.</summary>
    public FaultyObjectStore Store { get; }

    /// <summary>The snapshots that existed before, oldest first.</summary>
    public IReadOnlyList<BackupOutcome> Before { get; private set; } = [];

    /// <summary>A directory that does not exist, as a restore target.</summary>
    public string Target => _fixture["target"];

    public RetentionRule KeepTwo => new()
    {
        Policy = Before[0].Manifest.Policy,
        ClusterId = Before[0].Manifest.ClusterId,
        Retention = PolicyRetention.Newest(2),
    };

    /// <summary>Creates a separate scene.</summary>
    public static async Task<FaultScene> CreateAsync()
    {
        FaultScene scene = new();
        await scene.FillAsync();
        return scene;
    }

    /// <summary>
    /// Runs a flow repeatedly, each time in a new scene. Its first, second, … operation fails, until there are no more.
    /// Each time the error must name the operation, and <see cref="AssertHealsAsync"/> must pass.
    /// </summary>
    /// <param name="moment">The moment of the failure within the operation.</param>
    /// <param name="forGood">Whether all later operations fail too.</param>
    /// <param name="flow">The flow; it throws its failure.</param>
    /// <param name="afterwards">Further assertions after the failure, with the store working again.</param>
    /// <returns>The number of operations of the flow.</returns>
    public static async Task<int> SweepAsync(
        FaultMoment moment,
        bool forGood,
        Func<FaultScene, BackupRepository, Task> flow,
        Func<FaultScene, Task> afterwards)
    {
        using FaultScene original = await CreateAsync();
        for (int failAt = 1; ; failAt++)
        {
            using FaultScene scene = original.Copy();
            (scene.Store.FailAt, scene.Store.Moment, scene.Store.ForGood) = (failAt, moment, forGood);

            Exception? failure = await Record.ExceptionAsync(async () =>
                await flow(scene, await BackupRepository.OpenAsync(scene.Store, CancellationToken.None)));

            if (!scene.Store.Struck)
            {
                Assert.Null(failure);
                return failAt - 1;
            }

            BackupException named = Assert.IsType<BackupException>(failure);
            Assert.Equal(FailureReason.StoreFailed, named.Reason);
            Assert.Contains(
                scene.Store.Operations.Skip(failAt - 1),
                operation => named.Message.Contains($"'{operation}'", StringComparison.Ordinal));
            await afterwards(scene);
            await scene.AssertHealsAsync();
        }
    }

    /// <summary>Backs up the etcd of the next day, or another source.</summary>
    public Task<BackupOutcome> BackUpAsync(
        BackupRepository repository, int? retain = null, ISnapshotSource? source = null) =>
        UseCaseFixture.Run(repository, source ?? NextSource(), Day(Before.Count)).ExecuteAsync(
            _fixture.Request() with { Retention = retain is { } count ? PolicyRetention.Newest(count) : null },
            UseCaseFixture.NoProgress,
            CancellationToken.None);

    /// <summary>Returns a source with the etcd of the next day.</summary>
    public ISnapshotSource NextSource() => SnapshotBytes.Source(Bytes(Before.Count));

    /// <summary>Returns the relative paths of all stored files.</summary>
    public IReadOnlyList<string> StoredFiles() => _fixture.StoredFiles();

    public Task<RestoreOutcome> RestoreAsync(BackupRepository repository, string id, string target) =>
        new RestoreRun(repository).ExecuteAsync(
            RestoreSelection.Of(id), [], target, overwrite: false, UseCaseFixture.NoProgress, CancellationToken.None);

    /// <summary>Verifies everything deeply; throws if a record could not be stored.</summary>
    public async Task VerifyDeeplyAsync(BackupRepository repository)
    {
        await foreach (DeepVerifyOutcome outcome in _fixture.DeepVerifyRun(repository)
            .VerifyAsync(idText: null, UseCaseFixture.NoProgress, CancellationToken.None))
        {
            Assert.True(outcome.IsSound);
            if (outcome.RecordFailure is { } failure)
            {
                throw failure;
            }
        }
    }

    /// <summary>Opens the repository through a store without faults.</summary>
    public Task<BackupRepository> OpenSoundAsync() =>
        BackupRepository.OpenAsync(_fixture.Store, CancellationToken.None);

    /// <summary>Returns the IDs of the listed snapshots, oldest first.</summary>
    public async Task<IReadOnlyList<string>> ListedAsync() =>
        [.. (await (await OpenSoundAsync()).TakeInventoryAsync(CancellationToken.None)).Snapshots.Select(
            s => s.Id.Value)];

    public IReadOnlyList<string> IdsBefore() => [.. Before.Select(b => b.Folder.Id.Value)];

    public void Dispose() => _fixture.Dispose();

    /// <summary>
    /// Asserts that everything works again: every listed snapshot verifies and restores, the next backup succeeds, and
    /// a prune a day later leaves only the objects of listed snapshots.
    /// </summary>
    public async Task AssertHealsAsync()
    {
        BackupRepository repository = await OpenSoundAsync();
        await AssertListedRestoresAsync(repository);

        BackupOutcome next =
            await UseCaseFixture.Run(repository, SnapshotBytes.Source(Bytes(Before.Count)), Day(Before.Count + 1))
            .ExecuteAsync(_fixture.Request(), UseCaseFixture.NoProgress, CancellationToken.None);
        await AssertListedRestoresAsync(repository, next.Folder.Id.Value);

        IReadOnlyList<string> listed = await ListedAsync();
        PruneRun prune = new(repository, "test", TimeProvider.System) { UnreferencedAge = TimeSpan.FromMinutes(-1) };
        await prune.ExecuteAsync(rule: null, dryRun: false, CancellationToken.None);
        Assert.Equal(listed, await ListedAsync());

        Inventory inventory = await repository.TakeInventoryAsync(CancellationToken.None);
        Assert.All(inventory.Snapshots, snapshot => Assert.True(snapshot.IsComplete));
        Assert.Equal(
            inventory.KeysOfListed(),
            _fixture.StoredFiles()
                .Where(file => !inventory.Folders.Any(folder => folder.IsVerification(new ObjectKey(file)))));
    }

    private async Task AssertListedRestoresAsync(BackupRepository repository, string? only = null)
    {
        Inventory inventory = await repository.TakeInventoryAsync(CancellationToken.None);
        Assert.Empty(inventory.Unreadable);
        await foreach (VerifyOutcome outcome in new VerifyRun(repository, [])
            .VerifyAllAsync(UseCaseFixture.NoProgress, CancellationToken.None))
        {
            Assert.True(outcome.IsSound);
        }

        foreach (Snapshot snapshot in inventory.Snapshots.Where(s => only is null || s.Id.Value == only))
        {
            RestoreOutcome restored = await RestoreAsync(
                repository, snapshot.Id.Value, _fixture[Path.Combine("restored", snapshot.Id.Value)]);
            int seed = IdsBefore().Index()
                .Where(b => b.Item == snapshot.Id.Value)
                .Select(b => b.Index)
                .FirstOrDefault(Before.Count);
            Assert.Equal(Bytes(seed), await File.ReadAllBytesAsync(restored.SnapshotPath!));
            Assert.Equal(
                "secret", await File.ReadAllTextAsync(Path.Combine(restored.CertificatesPath!, "etcd", "ca.key")));
        }
    }

    /// <summary>Copies the repository to a separate directory.</summary>
    public FaultScene Copy()
    {
        FaultScene copy = new() { Before = Before };
        foreach (string file in _fixture.StoredFiles())
        {
            string to = Path.Combine(copy._fixture.RepositoryPath, file);
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(Path.Combine(_fixture.RepositoryPath, file), to);
        }

        return copy;
    }

    private async Task FillAsync()
    {
        BackupRepository repository = await _fixture.InitAsync();
        for (int i = 0; i < SnapshotsBefore; i++)
        {
            Before = [.. Before, await BackUpAsync(repository)];
        }
    }

    private static byte[] Bytes(int number) => SnapshotBytes.Create(512 * 4, seed: number);

    private static ShiftedTime Day(int number) => new(SampleSnapshots.NewYear.AddDays(number));
}
