using System.Globalization;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Recovery;

/// <summary>
/// The other members of a lost cluster may still run, or start again after the first member was restored. They then
/// reach the restored member on the same machine under the same URL.
/// </summary>
public sealed class OldMembersTests
{
    private const long Bump = 1_000_000_000;

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task Old_members_and_the_restored_member_reject_each_other_and_exchange_no_data(string version)
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series(version), Members = 3, Joined = true });
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        await etcd.EtcdctlAsync("put", "/registry/snapshot", "");
        string id = await repository.BackUpAsync(etcd);
        await etcd.EtcdctlAsync("put", "/registry/later", "");

        // The documented restore of one node: the same name, the same URL, and no explicit token.
        await etcd.KillAsync(0);
        Directory.Move(etcd.DataDirectoryOf(0), $"{etcd.DataDirectoryOf(0)}.lost");
        _ = (await repository.RunAsync(
            "restore", id, "--data-dir", etcd.DataDirectoryOf(0), "--name", "m0",
            "--initial-cluster", $"m0={etcd.PeerUrlOf(0)}", "--initial-advertise-peer-urls", etcd.PeerUrlOf(0))).Output;
        await etcd.RestartAsync(0);

        await TestDeadline.UntilAsync(
            "the restored member to reject a request of an old member",
            () => Task.FromResult(etcd.OutputOf(0).Contains("cluster ID mismatch", StringComparison.Ordinal)));
        await etcd.EtcdctlOfAsync(0, "put", "/registry/restored", "");
        await TestDeadline.UntilAsync(
            "the old members to elect a leader and accept a write", () => AcceptsWriteAsync(etcd, 1));
        Assert.Equal(["/registry/restored", "/registry/snapshot"], await KeysAsync(etcd, 0));
        Assert.Equal(["/registry/later", "/registry/old", "/registry/snapshot"], await KeysAsync(etcd, 1));
        Assert.InRange(await RevisionAsync(etcd, 0), Bump, long.MaxValue);
        Assert.InRange(await RevisionAsync(etcd, 1), 1, Bump);
        Assert.Equal(await RevisionAsync(etcd, 1), await RevisionAsync(etcd, 2));
    }

    private static async Task<bool> AcceptsWriteAsync(EtcdServer etcd, int member)
    {
        try
        {
            await etcd.EtcdctlOfAsync(member, "put", "/registry/old", "");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static async Task<string[]> KeysAsync(EtcdServer etcd, int member) =>
        (await etcd.EtcdctlOfAsync(member, "get", "/registry/", "--prefix", "--keys-only"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<long> RevisionAsync(EtcdServer etcd, int member)
    {
        string fields = await etcd.EtcdctlOfAsync(member, "get", "/registry/snapshot", "-w", "fields");
        string line = fields.Split('\n').First(one => one.StartsWith("\"Revision\"", StringComparison.Ordinal));
        return long.Parse(line.Split(':')[1], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
    }
}
