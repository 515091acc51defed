using System.Globalization;
using System.Text.Json;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Etcd;

/// <summary>
/// HashKV at the revision of a snapshot, requested from the member while its snapshot is open.
/// </summary>
[Collection(EtcdServersCollection.Name)]
public sealed class HashKvTests(EtcdServers servers)
{
    [Theory]
    [InlineData("3.4", false)]
    [InlineData("3.4", true)]
    [InlineData("3.5", false)]
    [InlineData("3.5", true)]
    public async Task The_hash_equals_that_of_etcdctl_for_the_revision(string version, bool mutualTls)
    {
        EtcdServer server = await servers.WithKeysAsync(version, mutualTls);
        await using EtcdSnapshot snapshot =
            await SnapshotFile.Source(EtcdServers.ConnectionTo(server)).OpenAsync(CancellationToken.None);

        HashKv hash = await snapshot.AskHashKvAsync(CancellationToken.None);

        Assert.Equal(await EtcdctlAsync(server, snapshot.Member.Revision), hash);
        Assert.Equal(3, hash.CompactRevision);
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task Writes_after_the_snapshot_was_opened_do_not_change_the_hash(string version)
    {
        await using EtcdServer server = await StartAsync(version);
        await using EtcdSnapshot snapshot =
            await SnapshotFile.Source(EtcdServers.ConnectionTo(server)).OpenAsync(CancellationToken.None);
        HashKv before = await EtcdctlAsync(server, snapshot.Member.Revision);
        await server.EtcdctlAsync("put", "key", "later");

        Assert.Equal(before, await snapshot.AskHashKvAsync(CancellationToken.None));
        Assert.Equal(-1, before.CompactRevision);
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_compaction_below_the_revision_is_in_the_response(string version)
    {
        await using EtcdServer server = await StartAsync(version);
        await using EtcdSnapshot snapshot =
            await SnapshotFile.Source(EtcdServers.ConnectionTo(server)).OpenAsync(CancellationToken.None);
        await server.EtcdctlAsync("compact", Text(snapshot.Member.Revision - 1), "--physical");

        Assert.Equal(
            snapshot.Member.Revision - 1,
            (await snapshot.AskHashKvAsync(CancellationToken.None)).CompactRevision);
    }

    [Theory]
    [InlineData("3.4", 0)]
    [InlineData("3.5", 0)]
    [InlineData("3.4", 1)]
    [InlineData("3.5", 1)]
    public async Task A_compaction_at_or_past_the_revision_leaves_no_hash_that_can_be_computed_again(
        string version,
        int past)
    {
        await using EtcdServer server = await StartAsync(version);
        await using EtcdSnapshot snapshot =
            await SnapshotFile.Source(EtcdServers.ConnectionTo(server)).OpenAsync(CancellationToken.None);
        await server.EtcdctlAsync("put", "key", "later");
        await server.EtcdctlAsync("compact", Text(snapshot.Member.Revision + past), "--physical");

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => snapshot.AskHashKvAsync(CancellationToken.None));

        Assert.Contains(
            $"{server.EndpointList} has no HashKV of revision {snapshot.Member.Revision}: it was compacted",
            failure.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task An_authenticated_user_gets_the_hash(string version)
    {
        EtcdServer server = await servers.WithUsersAsync(version);
        EtcdConnection connection = EtcdServers.ConnectionTo(server) with
        {
            User = "root",
            Password = server.RootPassword,
        };
        await using EtcdSnapshot snapshot = await SnapshotFile.Source(connection).OpenAsync(CancellationToken.None);

        HashKv hash = await snapshot.AskHashKvAsync(CancellationToken.None);

        Assert.Equal(await EtcdctlAsync(server, snapshot.Member.Revision), hash);
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_member_says_which_revisions_a_snapshot_still_has(string version)
    {
        await using EtcdServer server = await StartAsync(version);
        await server.EtcdctlAsync("compact", "4", "--physical");
        await using EtcdSnapshot snapshot =
            await SnapshotFile.Source(EtcdServers.ConnectionTo(server)).OpenAsync(CancellationToken.None);

        Assert.Equal(6, snapshot.Member.Revision);
        Assert.False(await snapshot.HasRevisionAsync(3, CancellationToken.None));
        Assert.True(await snapshot.HasRevisionAsync(4, CancellationToken.None));
        Assert.True(await snapshot.HasRevisionAsync(6, CancellationToken.None));
    }

    private static async Task<EtcdServer> StartAsync(string version)
    {
        EtcdServer server = await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        for (int i = 0; i < 5; i++)
        {
            await server.EtcdctlAsync("put", $"key{i % 2}", Text(i));
        }

        return server;
    }

    private static string Text(long revision) => revision.ToString(CultureInfo.InvariantCulture);

    private static async Task<HashKv> EtcdctlAsync(EtcdServer server, long revision)
    {
        string printed = await server.EtcdctlAsync("endpoint", "hashkv", "--rev", Text(revision), "-w", "json");
        using JsonDocument json = JsonDocument.Parse(printed);
        JsonElement hash = json.RootElement[0].GetProperty("HashKV");
        return new HashKv
        {
            Revision = revision,
            Hash = hash.GetProperty("hash").GetUInt32(),
            CompactRevision = hash.GetProperty("compact_revision").GetInt64(),
        };
    }
}
