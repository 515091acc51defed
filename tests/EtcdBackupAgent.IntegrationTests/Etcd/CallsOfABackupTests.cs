using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Etcd;

/// <summary>
/// All calls that backups make to a cluster of three, in order, as docs/performance.md, "What a backup costs etcd",
/// lists them.
/// </summary>
public sealed class CallsOfABackupTests : IAsyncLifetime, IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly List<(Uri Endpoint, string Event)> _events = [];
    private readonly List<RecordingEtcdProxy> _proxies = [];
    private EtcdServer _etcd = null!;
    private BackupRepository _repository = null!;

    public async Task InitializeAsync()
    {
        _etcd = await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series("3.5"), Members = 3 });
        using MemoryStream value = new(new byte[1_000_000]);
        await _etcd.EtcdctlAsync(["put", "key"], value);
        foreach (Uri member in _etcd.Endpoints)
        {
            _proxies.Add(await RecordingEtcdProxy.StartAsync(member, Record));
        }

        _repository = await BackupRepository.InitAsync(
            new DirectoryObjectStore(_directory["repository"], TimeProvider.System),
            new Unprotected(),
            TimeProvider.System,
            CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        foreach (RecordingEtcdProxy proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        await _etcd.DisposeAsync();
        _repository.Store.Dispose();
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task HashKV_is_requested_from_the_follower_that_was_read_after_its_stream_ended_and_only_if_due()
    {
        // Daily: there is no HashKV before the first backup; the second is not due yet.
        EtcdMember first = await BackUpAsync(PolicyHashKv.Daily);
        AssertCalls(first, "Maintenance/Snapshot", "Maintenance/Status", "Maintenance/HashKV", "KV/Range");
        Assert.NotNull(first.HashKv);

        EtcdMember second = await BackUpAsync(PolicyHashKv.Daily);
        AssertCalls(second, "Maintenance/Snapshot");
        Assert.StartsWith("HashKV was not due: ", second.HashKvMissing, StringComparison.Ordinal);

        EtcdMember third = await BackUpAsync(PolicyHashKv.AfterBackup);
        AssertCalls(third, "Maintenance/Snapshot", "Maintenance/Status", "Maintenance/HashKV", "KV/Range");
        Assert.NotNull(third.HashKv);

        EtcdMember fourth = await BackUpAsync(PolicyHashKv.Never);
        AssertCalls(fourth, "Maintenance/Snapshot");
        Assert.Equal("The policy does not request HashKV (hashKV: Never).", fourth.HashKvMissing);
    }

    private async Task<EtcdMember> BackUpAsync(PolicyHashKv when)
    {
        _events.Clear();
        EtcdConnection connection = new() { Endpoints = [.. _proxies.Select(proxy => proxy.Endpoint)] };
        BackupRun run = new(_repository, SnapshotFile.Source(connection), "1.2.3", TimeProvider.System);
        BackupOutcome outcome = await run.ExecuteAsync(
            new BackupRequest
            {
                Policy = new ResourceName(ResourceName.NamespaceDefault, "nightly"),
                Occasion = BackupOccasion.Of(BackupReason.OnDemand),
                HashKv = when,
            },
            new Progress<TransferProgress>(),
            CancellationToken.None);
        Assert.Empty(outcome.Warnings);
        return outcome.Manifest.Etcd!;
    }

    /// <summary>
    /// Every member returns its status; then one of them, a follower, gets these calls. Each call ends before the next
    /// one begins.
    /// </summary>
    private void AssertCalls(EtcdMember read, params string[] calls)
    {
        Assert.Equal(EtcdMemberRole.Follower, read.Role);
        (Uri Endpoint, string Event)[] events;
        lock (_events)
        {
            events = [.. _events];
        }

        string[] status = [.. events.Take(6).Select(e => e.Event).Order(StringComparer.Ordinal)];
        Assert.Equal(
            [
                .. Enumerable.Repeat("Maintenance/Status began", 3),
                .. Enumerable.Repeat("Maintenance/Status ended", 3),
            ],
            status);
        Assert.Equal(
            calls.SelectMany(call => new[] { $"{call} began", $"{call} ended" }), events.Skip(6).Select(e => e.Event));
        Assert.All(events.Skip(6), e => Assert.Equal(read.Endpoint, EtcdEndpoints.Display(e.Endpoint)));
    }

    private void Record(Uri endpoint, string what)
    {
        lock (_events)
        {
            _events.Add((endpoint, what));
        }
    }
}
