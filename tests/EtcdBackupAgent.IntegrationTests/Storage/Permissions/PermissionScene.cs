using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage.Permissions;

/// <summary>One bucket on the real server, and a user for each policy of <c>docs/s3-permissions.md</c>.</summary>
public sealed class PermissionScene : IAsyncLifetime, IDisposable
{
    private const string Owner = "test";
    private const string SecretKey = "secret-of-no-value";

    private readonly RgwFixture _fixture = new();
    private readonly TestDirectory _directory = new();
    private readonly List<S3ObjectStore> _stores = [];
    private S3Options _options = null!;
    private int _targets;

    public async Task InitializeAsync()
    {
        await _fixture.InitializeAsync();
        _options = _fixture.Options();
        await File.WriteAllTextAsync(Path.Combine(_directory.Create("pki"), "ca.crt"), "authority");
        foreach (string policy in DocumentedPolicy.All.Keys)
        {
            await _fixture.Server.CreateUserAsync($"{policy}-user", Key(policy), SecretKey);
        }
    }

    public async Task DisposeAsync()
    {
        Dispose();
        await _fixture.DisposeAsync();
    }

    public void Dispose()
    {
        _stores.ForEach(store => store.Dispose());
        _directory.Dispose();
    }

    /// <summary>Creates a new bucket with these policies; every test uses its own.</summary>
    internal async Task<string> NewBucketAsync(string prefix, bool hasLocks = false)
    {
        S3Options options = _fixture.Options();
        using S3ObjectStore store = new(options, TimeProvider.System);
        await (hasLocks
            ? store.Locks.EnsureCreatedAsync(CancellationToken.None)
            : store.EnsureCreatedAsync(CancellationToken.None));
        using BucketOwner owner = new(_fixture.Server);
        await owner.PutPolicyAsync(
            options.BucketName,
            DocumentedPolicy.ForBucket(
                options.BucketName,
                prefix,
                Owner,
                DocumentedPolicy.All.Keys.ToDictionary(
                    policy => policy, policy => $"{policy}-user", StringComparer.Ordinal)));
        return options.BucketName;
    }

    /// <summary>Opens the bucket as the user with a policy; without a policy, as its owner.</summary>
    internal S3ObjectStore Open(string bucket, string prefix, string? policy = null)
    {
        S3Options options = _options with { BucketName = bucket, Prefix = prefix };
        S3ObjectStore store = new(
            policy is null
                ? options
                : options with { Credentials = new S3Credentials { AccessKey = Key(policy), SecretKey = SecretKey } },
            TimeProvider.System);
        _stores.Add(store);
        return store;
    }

    /// <summary>Opens the server with the key of the user with a policy, outside this agent's store.</summary>
    internal BucketOwner AsUser(string policy) => new(_fixture.Server, Key(policy), SecretKey);

    /// <summary>Makes a backup with certificates in several parts.</summary>
    internal async Task<BackupOutcome> BackUpAsync(
        IObjectStore store, int day, int? retain = null, string certificates = "pki") =>
        await new BackupRun(
            await BackupRepository.OpenAsync(store, CancellationToken.None),
            SnapshotBytes.Source(SnapshotBytes.Create(SeveralPartsBytes, day)),
            "1.2.3",
            new ShiftedTime(SampleSnapshots.NewYear.AddDays(day)))
        .ExecuteAsync(
            new BackupRequest
            {
                Policy = new ResourceName(ResourceName.NamespaceDefault, "nightly"),
                Occasion = BackupOccasion.Of(BackupReason.OnDemand),
                CertsDirectory = _directory[certificates],
                Retention = retain is { } count ? PolicyRetention.Newest(count) : null,
            },
            new Progress<TransferProgress>(),
            CancellationToken.None);

    /// <summary>Returns a directory that does not exist yet.</summary>
    internal string NewTarget() => _directory[$"target-{Interlocked.Increment(ref _targets)}"];

    private const int SeveralPartsBytes = 6 << 20;

    private static string Key(string policy) => $"KEYOF{policy.ToUpperInvariant()}";
}
