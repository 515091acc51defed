using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Locks;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Tests.Core;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>A repository in a bucket with Object Lock, and its use cases.</summary>
internal sealed class LockedRepository : IDisposable
{
    private readonly UseCaseFixture _files = new();
    private readonly S3Options _options;
    private readonly List<IObjectStore> _opened = [];

    public LockedRepository(RgwFixture fixture, S3Options? options = null)
    {
        _options = options ?? fixture.Options();
        Bare = new S3ObjectStore(_options, TimeProvider.System);
        _opened.Add(Bare);
    }

    public string Bucket => _options.BucketName;

    /// <summary>The bucket, as someone with all its keys uses it.</summary>
    public S3ObjectStore Bare { get; }

    public IObjectLocks Locks => Bare.Locks;

    /// <summary>A store whose objects are locked for this long; null for what the bucket does by itself.</summary>
    public LockedObjectStore Open(TimeSpan? duration, ObjectLockMode mode = ObjectLockMode.Compliance)
    {
        LockedObjectStore store = new(
            new S3ObjectStore(_options, TimeProvider.System),
            duration is { } some ? new LockRule(mode, some) : null,
            TimeProvider.System);
        _opened.Add(store);
        return store;
    }

    /// <summary>Creates a repository with a passphrase.</summary>
    public static async Task<BackupRepository> InitAsync(IObjectStore store)
    {
        using AgePassphrase passphrase = new("correct horse");
        return await BackupRepository.InitAsync(
            store, new PassphraseProtection(passphrase), TimeProvider.System, CancellationToken.None);
    }

    public Task<BackupOutcome> BackUpAsync(BackupRepository repository, byte[]? bytes = null) =>
        _files.BackUpAsync(repository, bytes ?? SnapshotBytes.Create(1024));

    public static async Task<Inventory> ReadAsync(IObjectStore store) =>
        await (await BackupRepository.OpenAsync(store, CancellationToken.None))
            .TakeInventoryAsync(CancellationToken.None);

    public async Task<IReadOnlyList<ObjectVersion>> VersionsAsync(string prefix = "") =>
        await Locks.ListVersionsAsync(prefix, CancellationToken.None).ToListAsync();

    /// <summary>Waits until the lock of a snapshot is over.</summary>
    public static Task UntilOverAsync(ObjectLock over) => TestDeadline.UntilAsync(
        "the end of a lock", () => Task.FromResult(TimeProvider.System.GetUtcNow() > over.Until.AddSeconds(1)));

    public void Dispose()
    {
        _opened.ForEach(store => store.Dispose());
        _files.Dispose();
    }
}
