using System.Text.Json;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Etcd;

[Collection(EtcdServersCollection.Name)]
public sealed class EtcdCallsTests(EtcdServers servers)
{
    public static TheoryData<string, bool> Matrix => new()
    {
        { "3.4", false },
        { "3.4", true },
        { "3.5", false },
        { "3.5", true },
    };

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task Status_and_hash_equal_what_etcdctl_prints(string version, bool mutualTls)
    {
        EtcdServer server = await servers.WithKeysAsync(version, mutualTls);
        using EtcdClient client = new(EtcdServers.ConnectionTo(server), server.Endpoints[0], TimeProvider.System);

        StatusResponse status = await client.StatusAsync(CancellationToken.None);
        HashKVResponse hash = await client.HashKvAsync(revision: 0, CancellationToken.None);

        JsonElement expected = (await JsonAsync(server, "endpoint", "status"))[0].GetProperty("Status");
        JsonElement header = expected.GetProperty("header");
        Assert.Equal(header.GetProperty("cluster_id").GetUInt64(), status.Header.ClusterId);
        Assert.Equal(header.GetProperty("member_id").GetUInt64(), status.Header.MemberId);
        Assert.Equal(header.GetProperty("revision").GetInt64(), status.Header.Revision);
        Assert.Equal(expected.GetProperty("version").GetString(), status.Version);
        Assert.Equal(expected.GetProperty("dbSize").GetInt64(), status.DbSize);
        Assert.Equal(expected.GetProperty("leader").GetUInt64(), status.Leader);
        Assert.Equal(expected.GetProperty("raftTerm").GetUInt64(), status.RaftTerm);
        Assert.InRange(status.RaftIndex, 1UL, expected.GetProperty("raftIndex").GetUInt64());

        JsonElement expectedHash = (await JsonAsync(server, "endpoint", "hashkv"))[0].GetProperty("HashKV");
        Assert.Equal(expectedHash.GetProperty("hash").GetUInt32(), hash.Hash);
        Assert.Equal(expectedHash.GetProperty("compact_revision").GetInt64(), hash.CompactRevision);
        Assert.Equal(3, hash.CompactRevision);
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task A_snapshot_is_accepted_by_etcds_own_tool(string version, bool mutualTls)
    {
        EtcdServer server = await servers.WithKeysAsync(version, mutualTls);

        (EtcdMember member, long revision) =
            await SnapshotFile.TakeAndCheckAsync(EtcdServers.ConnectionTo(server), EtcdServers.Series(version));

        Assert.Equal(5, revision);
        Assert.Equal(revision, member.Revision);
        Assert.Equal(server.EndpointList, member.Endpoint);
        Assert.Equal(EtcdMemberRole.Leader, member.Role);
        Assert.StartsWith(version, member.Version, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ipv6_address_can_be_an_endpoint()
    {
        await using EtcdServer server = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = EtcdServers.Series("3.5"), MutualTls = true, Host = "::1" });

        (EtcdMember member, _) =
            await SnapshotFile.TakeAndCheckAsync(EtcdServers.ConnectionTo(server), EtcdServers.Series("3.5"));

        Assert.StartsWith("https://[::1]:", member.Endpoint, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> JsonAsync(EtcdServer server, params string[] arguments)
    {
        using JsonDocument json = JsonDocument.Parse(await server.EtcdctlAsync([.. arguments, "-w", "json"]));
        return json.RootElement.Clone();
    }
}
