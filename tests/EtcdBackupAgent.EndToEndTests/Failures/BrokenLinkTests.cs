using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Network;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>
/// The way to etcd, or to the S3 server, is late, slow, or breaks: in either direction, at once or in the middle, in
/// every manner. A run then succeeds, and what it made is sound; or it says what broke, within the time that a test
/// waits; and the next one works.
/// </summary>
public sealed class BrokenLinkTests
{
    /// <summary>In the middle of the database.</summary>
    private const long Midway = 3 << 20;

    /// <summary>
    /// So, too: the agent's own side is some 370 bytes of questions, and then 13 for each MiB that it has taken.
    /// </summary>
    private const long MidwayOfQuestions = 480;
    private const long AtOnce = 1;

    [Theory]
    [InlineData(LinkFault.Reset, true, AtOnce)]
    [InlineData(LinkFault.Reset, true, MidwayOfQuestions)]
    [InlineData(LinkFault.Reset, false, AtOnce)]
    [InlineData(LinkFault.Reset, false, Midway)]
    [InlineData(LinkFault.Cut, true, AtOnce)]
    [InlineData(LinkFault.Cut, true, MidwayOfQuestions)]
    [InlineData(LinkFault.Cut, false, AtOnce)]
    [InlineData(LinkFault.Cut, false, Midway)]
    [InlineData(LinkFault.HalfClose, true, AtOnce)]
    [InlineData(LinkFault.HalfClose, true, MidwayOfQuestions)]
    [InlineData(LinkFault.HalfClose, false, AtOnce)]
    [InlineData(LinkFault.HalfClose, false, Midway)]
    public async Task A_way_to_etcd_that_breaks_is_said_and_leaves_nothing(
        LinkFault fault,
        bool toServer,
        long afterBytes)
    {
        EtcdServer etcd = await SharedServers.MediumEtcdAsync();
        using TestRepository repository = TestRepository.InDirectory();
        await PastBackups.MakeAsync(repository.Store, "default", TimeSpan.FromHours(1));
        await using TcpProxy way = new(etcd.Endpoints[0].Port);
        Break(toServer ? way.ToServer : way.ToClient, fault, afterBytes, times: 1);

        ToolResult broken = await repository.RunAsync(BackUpThrough(way));

        Assert.Equal(1, way.ToServer.Faults + way.ToClient.Faults);
        Assert.Equal(3, broken.ExitCode);
        Assert.Contains($"error: http://127.0.0.1:{way.Port}: ", broken.StandardError, StringComparison.Ordinal);
        Assert.Single(await repository.AllListedRestoreAsync());
        await repository.HasOnlyWhatIsListedAsync();

        _ = (await repository.RunAsync(BackUpThrough(way))).Output;
        Assert.Equal(2, (await repository.AllListedRestoreAsync()).Count);
    }

    [Theory]
    [InlineData(LinkFault.Reset, true, AtOnce)]
    [InlineData(LinkFault.Reset, true, Midway)]
    [InlineData(LinkFault.Reset, false, AtOnce)]
    [InlineData(LinkFault.Cut, true, AtOnce)]
    [InlineData(LinkFault.Cut, true, Midway)]
    [InlineData(LinkFault.Cut, false, AtOnce)]
    [InlineData(LinkFault.HalfClose, true, AtOnce)]
    [InlineData(LinkFault.HalfClose, false, AtOnce)]
    public async Task A_way_to_the_store_that_breaks_costs_a_backup_nothing(
        LinkFault fault,
        bool toServer,
        long afterBytes)
    {
        EtcdServer etcd = await SharedServers.MediumEtcdAsync();
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        await PastBackups.MakeAsync(repository.Store, "default");
        await using TcpProxy way = new(server.HttpsEndpoint.Port);
        Break(toServer ? way.ToServer : way.ToClient, fault, afterBytes, times: 2);

        ToolResult backup = await RunThroughAsync(
            way, repository, server, ["backup", "--etcd-endpoint", etcd.EndpointList]);

        Assert.True(backup.ExitCode == 0, backup.StandardError);
        Assert.Equal(2, way.ToServer.Faults + way.ToClient.Faults);
        Assert.Single(await repository.AllListedRestoreAsync());
        await repository.HasOnlyWhatIsListedAsync();
    }

    /// <summary>
    /// Ceph answers a body that ends early as if the user had no right to store it, so it is not sent again.
    /// </summary>
    [Fact]
    public async Task A_way_to_the_store_that_is_half_closed_within_a_part_costs_nothing_or_is_said_and_leaves_nothing()
    {
        EtcdServer etcd = await SharedServers.MediumEtcdAsync();
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        await PastBackups.MakeAsync(repository.Store, "default");
        string[] backUp = ["backup", "--etcd-endpoint", etcd.EndpointList];
        await using TcpProxy way = new(server.HttpsEndpoint.Port);
        Break(way.ToServer, LinkFault.HalfClose, Midway, times: 1);

        ToolResult broken = await RunThroughAsync(way, repository, server, backUp);

        Assert.Equal(1, way.ToServer.Faults);
        Assert.True(
            broken.ExitCode == 0
                || (
                    broken.ExitCode == 4
                    && broken.StandardError.Contains("error: Cannot store part ", StringComparison.Ordinal)),
            broken.StandardError);
        int made = broken.ExitCode == 0 ? 1 : 0;
        Assert.Equal(made, (await repository.ListAsync()).Count);
        await repository.HasOnlyWhatIsListedAsync();

        _ = (await RunThroughAsync(way, repository, server, backUp)).Output;
        Assert.Equal(made + 1, (await repository.AllListedRestoreAsync()).Count);
    }

    [Theory]
    [InlineData(LinkFault.Reset, true, AtOnce)]
    [InlineData(LinkFault.Cut, true, Midway)]
    [InlineData(LinkFault.HalfClose, false, AtOnce)]
    public async Task A_way_to_the_store_that_stays_broken_is_said_and_the_next_backup_works(
        LinkFault fault, bool toServer, long afterBytes)
    {
        EtcdServer etcd = await SharedServers.MediumEtcdAsync();
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        await PastBackups.MakeAsync(repository.Store, "default", TimeSpan.FromHours(1));
        string[] backUp = ["backup", "--etcd-endpoint", etcd.EndpointList];
        await using TcpProxy way = new(server.HttpsEndpoint.Port);
        Break(toServer ? way.ToServer : way.ToClient, fault, afterBytes, times: int.MaxValue);

        ToolResult broken = await RunThroughAsync(way, repository, server, backUp);

        Assert.Equal(4, broken.ExitCode);
        Assert.Contains("error: Cannot ", broken.StandardError, StringComparison.Ordinal);
        Assert.Contains($"localhost:{way.Port}", broken.StandardError, StringComparison.Ordinal);
        Assert.Single(await repository.AllListedRestoreAsync());

        way.ToServer.FaultsLeft = way.ToClient.FaultsLeft = 0;
        _ = (await RunThroughAsync(way, repository, server, backUp)).Output;
        Assert.Equal(2, (await repository.AllListedRestoreAsync()).Count);
        await repository.PruneADayLaterLeavesOnlyWhatIsListedAsync();
    }

    [Theory]
    [InlineData(LinkFault.Reset, AtOnce)]
    [InlineData(LinkFault.Reset, Midway)]
    [InlineData(LinkFault.Cut, AtOnce)]
    [InlineData(LinkFault.Cut, Midway)]
    [InlineData(LinkFault.HalfClose, AtOnce)]
    [InlineData(LinkFault.HalfClose, Midway)]
    public async Task A_way_from_the_store_that_breaks_costs_a_restore_and_a_proof_nothing(
        LinkFault fault,
        long afterBytes)
    {
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        using TestDirectory directory = new();
        await PastBackups.MakeAsync(repository.Store, "default");
        string id = await repository.BackUpAsync(await SharedServers.MediumEtcdAsync());
        string[][] verbs = [["restore", id, "--to", directory["target"]], ["verify", "--deep", id], ["verify", id]];
        foreach (string[] verb in verbs)
        {
            await using TcpProxy way = new(server.HttpsEndpoint.Port);
            Break(way.ToClient, fault, afterBytes, times: 2);

            ToolResult result = await RunThroughAsync(way, repository, server, verb);

            Assert.True(result.ExitCode == 0, result.StandardError);
            Assert.Equal(2, way.ToClient.Faults);
        }
    }

    [Fact]
    public async Task Ways_that_are_late_and_slow_only_take_longer()
    {
        EtcdServer etcd = await SharedServers.MediumEtcdAsync();
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        await PastBackups.MakeAsync(repository.Store, "default");
        await using TcpProxy toEtcd = new(etcd.Endpoints[0].Port);
        await using TcpProxy toStore = new(server.HttpsEndpoint.Port);
        toEtcd.ToServer.Delay = toStore.ToClient.Delay = TimeSpan.FromMilliseconds(30);
        toEtcd.ToClient.BytesPerSecond = 8 << 20;
        toStore.ToServer.BytesPerSecond = 4 << 20;

        ToolResult backup = await RunThroughAsync(toStore, repository, server, BackUpThrough(toEtcd));

        Assert.True(backup.ExitCode == 0, backup.StandardError);
        Assert.Single(await repository.AllListedRestoreAsync());
        await repository.HasOnlyWhatIsListedAsync();
    }

    private static void Break(ProxyDirection direction, LinkFault fault, long afterBytes, int times) =>
        (direction.Fault, direction.FaultAfterBytes, direction.FaultsLeft) = (fault, afterBytes, times);

    private static string[] BackUpThrough(TcpProxy way) =>
        ["backup", "--etcd-endpoint", $"http://127.0.0.1:{way.Port}"];

    private static Task<ToolResult> RunThroughAsync(
        TcpProxy way, TestRepository repository, RgwServer server, IEnumerable<string> verb) => Agent.RunAsync(
        [
            .. verb,
            .. repository.Options.Select(
                option => option == server.HttpsEndpoint.AbsoluteUri ? $"https://localhost:{way.Port}" : option),
        ],
        repository.Environment);
}
