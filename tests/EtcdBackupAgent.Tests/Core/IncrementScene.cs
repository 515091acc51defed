using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Tests.Snapshots.Revisions;

namespace EtcdBackupAgent.Tests.Core;

/// <summary>
/// An etcd whose store is a model, a repository with one full snapshot of it, and backups of a policy with increments.
/// The backups are one hour apart.
/// </summary>
internal sealed class IncrementScene : IDisposable
{
    private const int Keys = 200;
    private const int ValueBytes = 400;

    private readonly Random _random = new(1);
    private int _backups;

    public UseCaseFixture Files { get; } = new();

    /// <summary>The content of the etcd.</summary>
    public StoreModel Store { get; } = NewStore(values: 1);

    /// <summary>The scratch space of the backups.</summary>
    public ScratchSpace Scratch { get; set; } = ScratchSpace.None;

    /// <summary>The full snapshot.</summary>
    public BackupOutcome Base { get; private set; } = null!;

    /// <summary>Creates a scene whose etcd has changed since the full snapshot.</summary>
    /// <param name="protection">How the repository is protected; null for not at all.</param>
    public static async Task<IncrementScene> CreateAsync(RepositoryProtection? protection = null)
    {
        IncrementScene scene = new();
        await scene.FillAsync(protection ?? new Unprotected());
        return scene;
    }

    /// <summary>Returns a store in which the same changes give the same revisions.</summary>
    /// <param name="values">Decides the values.</param>
    public static StoreModel NewStore(int values)
    {
        Random bytes = new(values);
        return new StoreModel(keepsTombstone: true)
        {
            NewValue = _ =>
            {
                byte[] value = new byte[ValueBytes];
                bytes.NextBytes(value);
                return value;
            },
        };
    }

    /// <summary>Makes transactions in a store.</summary>
    public static void Change(StoreModel store, Random random, int transactions)
    {
        for (int i = 0; i < transactions; i++)
        {
            store.Change(random, Keys);
        }
    }

    /// <summary>Makes transactions in the etcd.</summary>
    public void Change(int transactions) => Change(Store, _random, transactions);

    public Task<BackupRepository> OpenAsync(IObjectStore? store = null) =>
        BackupRepository.OpenAsync(store ?? Files.Store, CancellationToken.None);

    /// <summary>Backs up the database.</summary>
    /// <param name="source">The etcd; null for that of the scene.</param>
    /// <param name="increments">What the policy asks for; null for its defaults.</param>
    /// <param name="store">The store of the repository; null for that of the scene.</param>
    /// <param name="time">The clock; null for one that stands still, an hour after the last backup.</param>
    /// <param name="occasion">Why it is made; null for no marks.</param>
    public async Task<BackupOutcome> BackUpAsync(
        ISnapshotSource? source = null,
        PolicyIncrements? increments = null,
        IObjectStore? store = null,
        TimeProvider? time = null,
        BackupOccasion? occasion = null)
    {
        BackupRun run = new(await OpenAsync(store), source ?? new ModelSource(Store), "1.2.3", time ?? NextTime())
        {
            Scratch = Scratch,
        };
        return await run.ExecuteAsync(
            Files.Request(certs: false) with
            {
                Increments = increments ?? new PolicyIncrements(),
                Occasion = occasion ?? BackupOccasion.Of(BackupReason.OnDemand),
            },
            UseCaseFixture.NoProgress,
            CancellationToken.None);
    }

    /// <summary>Returns a clock that stands still, an hour after the last backup.</summary>
    public ShiftedTime NextTime() => new(SampleSnapshots.NewYear.AddHours(++_backups));

    public void Dispose() => Files.Dispose();

    private async Task FillAsync(RepositoryProtection protection)
    {
        Directory.CreateDirectory(Files.ScratchPath);
        Scratch = new ScratchSpace { Directory = Files.ScratchPath, IsNamed = true };
        await BackupRepository.InitAsync(Files.Store, protection, TimeProvider.System, CancellationToken.None);
        Change(transactions: 100);
        Base = await BackUpAsync();
        Change(transactions: 3);
    }
}
