using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Archiving;

/// <summary>A change log is proven with the hash that a member of a real etcd computed.</summary>
public sealed class LogProofTests : IAsyncLifetime, IDisposable
{
    private EtcdServer _server = null!;
    private IndependentClient _etcd = null!;
    private ArchivedCluster _archive = null!;

    public async Task InitializeAsync()
    {
        _server = await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series("3.5") });
        _etcd = new IndependentClient(_server.Endpoints[0]);
        _archive = await ArchivedCluster.CreateAsync(EtcdServers.ConnectionTo(_server));
        await _archive.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _archive.DisposeAsync();
        await _server.DisposeAsync();
    }

    public void Dispose() => _etcd.Dispose();

    [Fact]
    public async Task Each_snapshot_proves_the_log_before_it()
    {
        Assert.Empty(await _archive.ProveAsync());
        Snapshot second = await MakeSnapshotAsync();
        Snapshot third = await MakeSnapshotAsync();
        Assert.Null(Assert.Single(await _archive.WindowsAsync()).ProvenRevision);

        IReadOnlyList<DeepVerifyOutcome> found = await _archive.ProveAsync();

        Assert.Equal(
            [second.Id, third.Id],
            found.Select(outcome => outcome.Proof?.ProvenBy ?? throw new InvalidOperationException(Text(outcome))));
        RestoreWindow window = Assert.Single(await _archive.WindowsAsync());
        Assert.Equal(third.Manifest.Etcd!.HashKv!.Revision, window.ProvenRevision);
        Assert.InRange(window.ProvenUntil!.Value, window.From, window.To);

        // It can be repeated.
        Assert.All(await _archive.ProveAsync(), outcome => Assert.NotNull(outcome.Proof));
        Assert.Equal(window.ProvenRevision, Assert.Single(await _archive.WindowsAsync()).ProvenRevision);
    }

    [Fact]
    public async Task A_log_that_differs_from_the_live_cluster_is_not_proven()
    {
        Snapshot second = await MakeSnapshotAsync();
        HashKv live = second.Manifest.Etcd!.HashKv!;
        await _archive.ReplaceManifestAsync(second, manifest => manifest with
        {
            Etcd = manifest.Etcd! with { HashKv = live with { Hash = live.Hash ^ 1 } },
        });

        DeepVerifyOutcome outcome = Assert.Single(await _archive.ProveAsync());

        Assert.Null(outcome.Proof);
        Assert.False(outcome.IsSound);
        Assert.Contains(outcome.Record!.Checks, check => check is
        {
            Part: VerifiedPart.HashKv,
            Result: CheckResult.Failed,
        });
        Assert.Null(Assert.Single(await _archive.WindowsAsync()).ProvenRevision);
    }

    private async Task<Snapshot> MakeSnapshotAsync()
    {
        await _etcd.ChangeAsync(IndependentClient.Put("/a", $"{_etcd.Revision}"));
        Snapshot made = await _archive.FindAsync((await _archive.BackUpAsync(incremental: false)).Folder.Id);

        // The log reaches beyond the snapshot.
        await _etcd.ChangeAsync(IndependentClient.Put("/b", "after"));
        await _archive.UntilStoredAsync(_etcd.Revision);
        return made;
    }

    private static string Text(DeepVerifyOutcome outcome) => string.Join(
        '\n', outcome.Record!.Checks.Select(check => $"{check.Part}: {check.Result}, {check.Detail}"));
}
