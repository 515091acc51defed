using System.Text.Json;
using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>Starts real etcds with directories of the agent.</summary>
[Collection(SourceSnapshotsCollection.Name)]
public sealed class RestoredClusterTests(SourceSnapshots snapshots)
{
    [Theory]
    [InlineData("3.4", "3.4", 1)]
    [InlineData("3.4", "3.4", 3)]
    [InlineData("3.5", "3.5", 1)]
    [InlineData("3.5", "3.5", 3)]
    [InlineData("3.4", "3.5", 1)]
    [InlineData("3.4", "3.5", 3)]
    public async Task A_restored_cluster_has_all_data_and_works_after_two_restarts(
        string taken, string started, int members)
    {
        SourceSnapshot source = await snapshots.OfAsync(taken);
        await using EtcdServer server = await Restored.StartAsync(started, source, members);

        ServerFacts facts = await ServerFacts.OfAsync(server);
        Assert.Equal(source.Facts, facts);

        await server.EtcdctlAsync("put", "/registry/new", "written after the restore");
        await AddAndRemoveMemberAsync(server, members);
        for (int restart = 0; restart < 2; restart++)
        {
            for (int member = 0; member < members; member++)
            {
                await server.KillAsync(member);
                await server.RestartAsync(member);
            }
        }

        long revision = (await ServerFacts.OfAsync(server)).Revision;
        await server.EtcdctlAsync("compact", $"{revision}", "--physical");
        await server.EtcdctlAsync("defrag");
        ServerFacts after = await ServerFacts.OfAsync(server);
        Assert.Equal(source.Facts.Keys + 1, after.Keys);
        Assert.Equal(source.Revision + 1, after.Revision);
        Assert.DoesNotContain(" and ", after.Hash, StringComparison.Ordinal);
        Assert.Equal(members, await MemberCountAsync(server));
    }

    [Theory]
    [InlineData("3.4", "3.4")]
    [InlineData("3.5", "3.5")]
    [InlineData("3.4", "3.5")]
    public async Task Users_and_their_permissions_are_those_of_the_snapshot(string taken, string started)
    {
        SourceSnapshot source = await snapshots.WithUsersAsync(taken);
        await using EtcdServer server = await Restored.StartAsync(started, source);

        const string Root = $"root:{SourceSnapshot.RootPassword}";
        const string Reader = $"reader:{SourceSnapshot.ReaderPassword}";
        Assert.Equal("reader\nroot\n", await server.EtcdctlAsync("user", "list", "--user", Root));
        Assert.Equal("/secret\nc\n", await server.EtcdctlAsync("get", "/secret", "--user", Root));
        Assert.Equal("/registry/a\nb\n", await server.EtcdctlAsync("get", "/registry/a", "--user", Reader));
        await AssertRefusedAsync("permission denied", server.EtcdctlAsync("get", "/secret", "--user", Reader));
        await AssertRefusedAsync("user name is empty", server.EtcdctlAsync("get", "/registry/a"));
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task After_a_bump_old_revisions_are_compacted_and_all_data_exists(string version)
    {
        const long Bump = 1_000_000_000;
        SourceSnapshot source = await snapshots.OfAsync(version);
        await using EtcdServer server = await Restored.StartAsync(version, source, bump: Bump);

        ServerFacts facts = await ServerFacts.OfAsync(server);
        Assert.Equal(source.Revision + Bump, facts.Revision);
        Assert.Equal(source.Facts.KeysDigest, facts.KeysDigest);
        Assert.Equal(source.Facts.Leases, facts.Leases);
        await AssertRefusedAsync(
            "required revision has been compacted",
            server.EtcdctlAsync("watch", "/registry/changed", "--rev", $"{source.Revision + 1}"));
        await AssertRefusedAsync(
            "required revision has been compacted",
            server.EtcdctlAsync("get", "/registry/changed", "--rev", $"{source.Revision}"));
        await server.KillAsync();
        await server.RestartAsync();
        await server.EtcdctlAsync("put", "/registry/new", "x");
        Assert.Equal(source.Revision + Bump + 1, (await ServerFacts.OfAsync(server)).Revision);
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task Without_a_bump_a_revision_of_the_snapshot_can_still_be_read_and_watched(string version)
    {
        SourceSnapshot source = await snapshots.OfAsync(version);
        await using EtcdServer server = await Restored.StartAsync(version, source);

        string value = await server.EtcdctlAsync("get", "/registry/changed", "--rev", $"{source.Revision}");

        Assert.Equal("/registry/changed\nversion 3\n", value);
        await using PeerProcess watch = PeerProcess.Start(
            EtcdServers.Series(version).Etcdctl,
            ["watch", "", "--prefix", "--rev", $"{source.Revision}", "--endpoints", server.EndpointList],
            EtcdServer.Api);
        await TestDeadline.UntilAsync(
            "the watch to report the snapshot's last change",
            () => Task.FromResult(watch.Output.Contains('\n', StringComparison.Ordinal)));
        Assert.DoesNotContain("compacted", watch.Output, StringComparison.Ordinal);
    }

    /// <summary>
    /// Adds and removes a member. etcd accepts a new member only after the existing ones were connected for some
    /// seconds.
    /// </summary>
    private static async Task AddAndRemoveMemberAsync(EtcdServer server, int members)
    {
        // A voter that never starts would leave a single member without a majority, so add a learner there.
        string[] kind = members == 1 ? ["--learner"] : [];
        string added = "";
        await TestDeadline.UntilAsync("etcd to accept a new member", async () =>
        {
            try
            {
                added = await server.EtcdctlAsync(
                    ["member", "add", "late", "--peer-urls", "http://127.0.0.1:1", .. kind]);
                return true;
            }
            catch (InvalidOperationException e) when (e.Message.Contains("unhealthy cluster", StringComparison.Ordinal))
            {
                return false;
            }
        });
        Assert.Equal(members + 1, await MemberCountAsync(server));
        // etcdctl pads an ID of fewer than 16 digits with blanks.
        await server.EtcdctlAsync("member", "remove", added.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        Assert.Equal(members, await MemberCountAsync(server));
    }

    private static async Task<int> MemberCountAsync(EtcdServer server)
    {
        using JsonDocument list = JsonDocument.Parse(await server.EtcdctlAsync("member", "list", "-w", "json"));
        return list.RootElement.GetProperty("members").GetArrayLength();
    }

    private static async Task AssertRefusedAsync(string reason, Task<string> call)
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => call);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }
}
