using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Storage;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage.Faults;

/// <summary>A repository of two snapshots in a bucket, behind a proxy that makes one request of a flow fail.</summary>
internal sealed class RequestFaultScene : IAsyncDisposable
{
    private const int SnapshotsBefore = 2;

    private static readonly TimeProvider Time = new ImpatientTime();
    private static readonly IProgress<TransferProgress> NoProgress = new Progress<TransferProgress>();

    private readonly TestDirectory _directory = new();
    private readonly S3Options _options;
    private int _targets;
    private readonly S3ObjectStore _direct;
    private readonly S3ObjectStore _proxied;

    private RequestFaultScene(S3Options options, FaultyS3Proxy proxy)
    {
        Proxy = proxy;
        _direct = new S3ObjectStore(options, Time);
        _options = options with { Endpoint = proxy.Endpoint, CaCertificatePem = null };
        _proxied = NewStore();
    }

    public FaultyS3Proxy Proxy { get; }

    /// <summary>The snapshots that existed before, oldest first.</summary>
    public IReadOnlyList<string> Before { get; private set; } = [];

    /// <summary>A directory that does not exist, as a restore target.</summary>
    public string Target => _directory["target"];

    /// <summary>Returns a directory that no restore has used.</summary>
    public string NewTarget() => _directory[$"target-{Interlocked.Increment(ref _targets)}"];

    /// <summary>Returns a store behind the proxy that has not yet learned anything about its server.</summary>
    public S3ObjectStore NewStore() => new(_options, Time);

    public RetentionRule KeepOne { get; private set; } = null!;

    /// <summary>
    /// Runs a flow repeatedly, each time in a new repository. Its first, second, … request fails, until there are no
    /// more. After a single failure the flow must still succeed. A permanent failure must be reported with its request,
    /// and everything must work again afterwards.
    /// </summary>
    /// <returns>The number of requests of the flow.</returns>
    public static async Task<int> SweepAsync(
        RgwFixture server, RequestFault fault, bool forGood, Func<RequestFaultScene, BackupRepository, Task> flow)
    {
        S3Options options = server.Options();
        for (int failAt = 1; ; failAt++)
        {
            await using RequestFaultScene scene = await CreateAsync(
                server, options with { Prefix = $"n{failAt}" }, new Unprotected());
            (scene.Proxy.FailAt, scene.Proxy.Fault, scene.Proxy.ForGood) = (failAt, fault, forGood);

            Exception? failure = await Record.ExceptionAsync(async () =>
                await flow(scene, await BackupRepository.OpenAsync(scene._proxied, CancellationToken.None)));

            if (!scene.Proxy.Struck)
            {
                Assert.Null(failure);
                return failAt - 1;
            }

            string request = scene.Proxy.Requests[failAt - 1];
            if (forGood)
            {
                BackupException named = Assert.IsType<BackupException>(failure);
                Assert.True(
                    named.Reason is FailureReason.StoreFailed or FailureReason.StoreUnreachable, named.ToString());
                Assert.Matches("Cannot (read|store|list|delete|create|complete|abort) ", named.Message);
                Assert.Contains(scene.Proxy.Endpoint.Authority, named.Message, StringComparison.Ordinal);
            }
            else
            {
                Assert.True(failure is null, $"'{request}' failed once ({fault}), and so did the flow: {failure}");
            }

            await scene.AssertHealsAsync();
        }
    }

    public Task<BackupOutcome> BackUpAsync(
        BackupRepository repository, int? retain = null, int number = SnapshotsBefore, int bytes = 2048) =>
        new BackupRun(
            repository, SnapshotBytes.Source(SnapshotBytes.Create(bytes, number)), "1.2.3", Day(number)).ExecuteAsync(
            new BackupRequest
            {
                Policy = new ResourceName(ResourceName.NamespaceDefault, "nightly"),
                Occasion = BackupOccasion.Of(BackupReason.OnDemand),
                CertsDirectory = _directory["pki"],
                Retention = retain is { } count ? PolicyRetention.Newest(count) : null,
            },
            NoProgress,
            CancellationToken.None);

    public static Task RestoreAsync(BackupRepository repository, string id, string target) =>
        new RestoreRun(repository).ExecuteAsync(
            RestoreSelection.Of(id), [], target, overwrite: false, NoProgress, CancellationToken.None);

    public static async Task VerifyAsync(BackupRepository repository)
    {
        await foreach (
            VerifyOutcome outcome in new VerifyRun(repository, []).VerifyAllAsync(NoProgress, CancellationToken.None))
        {
            Assert.True(outcome.IsSound);
        }
    }

    /// <summary>
    /// Verifies everything and records the results. The content of the databases is random, and passes.
    /// </summary>
    public async Task VerifyDeeplyAsync(BackupRepository repository)
    {
        DeepVerifyRun run = new(repository, [], _directory.Create("scratch"), "1.2.3", Time)
        {
            Verify = (_, _, _, _) => UseCaseFixture.Proof(),
        };
        await foreach (DeepVerifyOutcome outcome in run.VerifyAsync(idText: null, NoProgress, CancellationToken.None))
        {
            Assert.True(outcome.IsSound);
            if (outcome.RecordFailure is { } failure)
            {
                throw failure;
            }
        }
    }

    /// <summary>Returns the IDs of the listed snapshots, oldest first; all are complete.</summary>
    public async Task<IReadOnlyList<string>> ListedAsync()
    {
        Inventory inventory = await (await OpenAsync()).TakeInventoryAsync(CancellationToken.None);
        Assert.Empty(inventory.Unreadable);
        Assert.All(inventory.Snapshots, snapshot => Assert.True(snapshot.IsComplete));
        return [.. inventory.Snapshots.Select(s => s.Id.Value)];
    }

    public async ValueTask DisposeAsync()
    {
        _proxied.Dispose();
        _direct.Dispose();
        await Proxy.DisposeAsync();
        _directory.Dispose();
    }

    /// <summary>Creates a scene without a bucket and a repository.</summary>
    public static async Task<RequestFaultScene> CreateEmptyAsync(RgwFixture server) =>
        new(server.Options(), await FaultyS3Proxy.StartAsync(server.Server.HttpEndpoint));

    public static Task<RequestFaultScene> CreateAsync(RgwFixture server, RepositoryProtection protection) =>
        CreateAsync(server, server.Options(), protection);

    private static async Task<RequestFaultScene> CreateAsync(
        RgwFixture server, S3Options options, RepositoryProtection protection)
    {
        RequestFaultScene scene = new(options, await FaultyS3Proxy.StartAsync(server.Server.HttpEndpoint));
        await File.WriteAllTextAsync(Path.Combine(scene._directory.Create("pki"), "ca.crt"), "authority");
        BackupRepository repository = await BackupRepository.InitAsync(
            scene._direct, protection, Time, CancellationToken.None);
        for (int number = 0; number < SnapshotsBefore; number++)
        {
            BackupOutcome made = await scene.BackUpAsync(repository, number: number);
            scene.Before = [.. scene.Before, made.Folder.Id.Value];
            scene.KeepOne = new RetentionRule
            {
                Policy = made.Manifest.Policy,
                ClusterId = made.Manifest.ClusterId,
                Retention = PolicyRetention.Newest(1),
            };
        }

        return scene;
    }

    /// <summary>
    /// Asserts without the proxy that every listed snapshot verifies and restores, that the next backup succeeds, and
    /// that a prune a day later leaves only the objects of listed snapshots.
    /// </summary>
    private async Task AssertHealsAsync()
    {
        BackupRepository repository = await OpenAsync();
        await BackUpAsync(repository, number: SnapshotsBefore + 1);
        await VerifyAsync(repository);
        IReadOnlyList<string> listed = await ListedAsync();
        foreach (string id in listed)
        {
            await RestoreAsync(repository, id, _directory[$"restored-{id}"]);
        }

        PruneRun prune = new(repository, "test", TimeProvider.System) { UnreferencedAge = TimeSpan.FromMinutes(-1) };
        await prune.ExecuteAsync(rule: null, dryRun: false, CancellationToken.None);
        Assert.Equal(listed, await ListedAsync());
        Inventory inventory = await repository.TakeInventoryAsync(CancellationToken.None);
        List<string> stored = await _direct.ListAsync("", CancellationToken.None)
            .Select(found => found.Key)
            .Where(key => !inventory.Folders.Any(folder => folder.IsVerification(key)))
            .Select(key => key.Value)
            .ToListAsync();
        Assert.Equal(
            inventory.KeysOfListed(),
            stored.Order(StringComparer.Ordinal));
        Assert.Empty(await _direct.ListPendingUploadsAsync(CancellationToken.None).ToListAsync());
    }

    private Task<BackupRepository> OpenAsync() => BackupRepository.OpenAsync(_direct, CancellationToken.None);

    private static ShiftedTime Day(int number) => new(SampleSnapshots.NewYear.AddDays(number));
}
