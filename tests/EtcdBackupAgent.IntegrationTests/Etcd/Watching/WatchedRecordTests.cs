using System.Globalization;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.IntegrationTests.Snapshots;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using Etcdserverpb;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Etcd.Watching;

/// <summary>A watch delivers exactly the records that etcd stores.</summary>
public sealed class WatchedRecordTests : IDisposable
{
    private const int Rounds = 6;
    private const int KeysOfALargeRevision = 40_000;

    /// <summary>etcd's limit on the operations of one transaction.</summary>
    private const int OperationsMax = 128;

    private readonly TestDirectory _directory = new();

    public static TheoryData<string> Versions => Watcher.Versions;

    public void Dispose() => _directory.Dispose();

    /// <remarks>
    /// One watch is open while the changes are made, and one begins after them: etcd takes the events of the first from
    /// memory and those of the second from its database.
    /// </remarks>
    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Every_change_has_the_bytes_that_a_snapshot_stores(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        using IndependentClient etcd = new(server.Endpoints[0]);
        await using IWatchedMember member = await Watcher.ConnectAsync(EtcdServers.ConnectionTo(server));
        Assert.StartsWith(version, member.Version, StringComparison.Ordinal);
        for (int round = 0; round < Rounds; round++)
        {
            EtcdWorkload workload = new(etcd, new Random(round));
            await workload.ChangeAsync(10);
            long from = await member.ReadHeadAsync(CancellationToken.None) + 1;
            Assert.Equal(etcd.Revision + 1, from);
            await using Watcher live = new(member, from);
            Task reading = live.ReadAsync();
            await workload.ChangeAsync(60);
            await etcd.ChangeAsync(
                IndependentClient.Put("/empty", ""), IndependentClient.Put("/binary", new byte[] { 0, 0xFF, 0x80 }));
            await reading;

            await live.ReadToAsync(etcd.Revision);

            await using Watcher late = new(member, from);
            await late.ReadToAsync(etcd.Revision);
            string file = _directory[string.Create(CultureInfo.InvariantCulture, $"{version}-{round}.db")];
            await SnapshotFile.SaveAsync(EtcdServers.ConnectionTo(server), file);
            IReadOnlyList<string> stored = Watcher.StoredFrom(file, from);
            Assert.Equal(stored, live.Records.Select(Watcher.Text));
            Assert.Equal(stored, late.Records.Select(Watcher.Text));
            Assert.Contains(live.Records, record => record.IsTombstone);
            Assert.Contains(live.Records, record => record.Sub > 0);
            // So a response with a higher revision in its header is late.
            Assert.All(live.Batches, batch => Assert.Equal(batch.Records[^1].Main, batch.HeaderRevision));
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_large_transaction_arrives_in_fragments(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        using IndependentClient etcd = new(server.Endpoints[0]);
        await using IWatchedMember member = await Watcher.ConnectAsync(EtcdServers.ConnectionTo(server));
        foreach (int[] numbers in Enumerable.Range(0, KeysOfALargeRevision).Chunk(OperationsMax))
        {
            await etcd.ChangeAsync(numbers.Select(Put));
        }

        await using Watcher watcher = new(member, etcd.Revision + 1);
        Task reading = watcher.ReadAsync();
        await etcd.ChangeAsync(IndependentClient.DeleteFrom("/registry/"));
        await reading;

        await watcher.ReadToAsync(etcd.Revision);

        Assert.Equal(KeysOfALargeRevision, watcher.Records.Count);
        Assert.All(watcher.Records, record => Assert.Equal((etcd.Revision, true), (record.Main, record.IsTombstone)));
        Assert.True(watcher.Batches.Count > 1, "one response only");
        Assert.All(watcher.Batches.SkipLast(1), batch => Assert.True(batch.IsFragment));
        Assert.False(watcher.Batches[^1].IsFragment);
        string file = _directory[$"{version}.db"];
        await SnapshotFile.SaveAsync(EtcdServers.ConnectionTo(server), file);
        Assert.Equal(Watcher.StoredFrom(file, etcd.Revision), watcher.Records.Select(Watcher.Text));

        // From the database.
        await using Watcher late = new(member, etcd.Revision);
        await late.ReadToAsync(etcd.Revision);
        Assert.Equal(watcher.Records.Select(Watcher.Text), late.Records.Select(Watcher.Text));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_member_with_TLS_can_be_watched(string version)
    {
        await using EtcdServer server = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = EtcdServers.Series(version), MutualTls = true });
        await using IWatchedMember member = await Watcher.ConnectAsync(EtcdServers.ConnectionTo(server));
        await server.EtcdctlAsync("put", "key", "value");

        await using Watcher watcher = new(member, member.Head + 1);
        await watcher.ReadToAsync(member.Head + 1);

        Assert.Equal(2, Assert.Single(watcher.Records).Main);
    }

    /// <summary>Writes a key of the length that keys of Kubernetes have.</summary>
    private static RequestOp Put(int number) => IndependentClient.Put(
        string.Create(CultureInfo.InvariantCulture, $"/registry/events/some-namespace/some-object-of-{number:d8}"), "");
}
