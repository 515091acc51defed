using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Network;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>
/// The connection to etcd or to the S3 server is delayed, slow, or breaks: in each direction, at once or in the middle,
/// with every kind of fault. Then a run either succeeds with a sound result, or reports the broken connection in time.
/// The next run works.
/// </summary>
public sealed class BrokenLinkTests
{
    /// <summary>In the middle of the database.</summary>
    private const long Midway = 3 << 20;

    /// <summary>
    /// In the middle of the requests: the agent sends about 370 bytes, and then 13 bytes for each MiB that it received.
    /// </summary>
    private const long MidwayOfRequests = 480;
    private const long AtOnce = 1;

    [Theory]
    [InlineData(LinkFault.Reset, true, AtOnce)]
    [InlineData(LinkFault.Reset, true, MidwayOfRequests)]
    [InlineData(LinkFault.Reset, false, AtOnce)]
    [InlineData(LinkFault.Reset, false, Midway)]
    [InlineData(LinkFault.Cut, true, AtOnce)]
    [InlineData(LinkFault.Cut, true, MidwayOfRequests)]
    [InlineData(LinkFault.Cut, false, AtOnce)]
    [InlineData(LinkFault.Cut, false, Midway)]
    [InlineData(LinkFault.HalfClose, true, AtOnce)]
    [InlineData(LinkFault.HalfClose, true, MidwayOfRequests)]
    [InlineData(LinkFault.HalfClose, false, AtOnce)]
    [InlineData(LinkFault.HalfClose, false, Midway)]
    public async Task A_broken_connection_to_etcd_is_reported_and_leaves_nothing(
        LinkFault fault,
        bool toServer,
        long afterBytes)
    {
        EtcdServer etcd = await SharedServers.MediumEtcdAsync();
        using TestRepository repository = TestRepository.InDirectory();
        await PastBackups.MakeAsync(repository.Store, "default", TimeSpan.FromHours(1));
        await using TcpProxy link = new(etcd.Endpoints[0].Port);
        Break(toServer ? link.ToServer : link.ToClient, fault, afterBytes, times: 1);

        ToolResult broken = await repository.RunAsync(BackUpThrough(link));

        Assert.Equal(1, link.ToServer.Faults + link.ToClient.Faults);
        Assert.Equal(3, broken.ExitCode);
        Assert.Contains($"error: http://127.0.0.1:{link.Port}: ", broken.StandardError, StringComparison.Ordinal);
        Assert.Single(await repository.AllListedRestoreAsync());
        await repository.HasOnlyListedObjectsAsync();

        _ = (await repository.RunAsync(BackUpThrough(link))).Output;
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
    public async Task A_backup_succeeds_although_a_connection_to_the_store_breaks(
        LinkFault fault,
        bool toServer,
        long afterBytes)
    {
        EtcdServer etcd = await SharedServers.MediumEtcdAsync();
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        await PastBackups.MakeAsync(repository.Store, "default");
        await using TcpProxy link = new(server.HttpsEndpoint.Port);
        Break(toServer ? link.ToServer : link.ToClient, fault, afterBytes, times: 2);

        ToolResult backup = await RunThroughAsync(
            link, repository, server, ["backup", "--etcd-endpoint", etcd.EndpointList]);

        Assert.True(backup.ExitCode == 0, backup.StandardError);
        Assert.Equal(2, link.ToServer.Faults + link.ToClient.Faults);
        Assert.Single(await repository.AllListedRestoreAsync());
        await repository.HasOnlyListedObjectsAsync();
    }

    /// <summary>
    /// Ceph responds to a body that ends early as if the user had no write permission, so the agent does not retry.
    /// </summary>
    [Fact]
    public async Task A_connection_to_the_store_that_is_half_closed_within_a_part_has_no_effect_or_is_reported()
    {
        EtcdServer etcd = await SharedServers.MediumEtcdAsync();
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        await PastBackups.MakeAsync(repository.Store, "default");
        string[] backUp = ["backup", "--etcd-endpoint", etcd.EndpointList];
        await using TcpProxy link = new(server.HttpsEndpoint.Port);
        Break(link.ToServer, LinkFault.HalfClose, Midway, times: 1);

        ToolResult broken = await RunThroughAsync(link, repository, server, backUp);

        Assert.Equal(1, link.ToServer.Faults);
        Assert.True(
            broken.ExitCode == 0
                || (
                    broken.ExitCode == 4
                    && broken.StandardError.Contains("error: Cannot store part ", StringComparison.Ordinal)),
            broken.StandardError);
        int made = broken.ExitCode == 0 ? 1 : 0;
        Assert.Equal(made, (await repository.ListAsync()).Count);
        await repository.HasOnlyListedObjectsAsync();

        _ = (await RunThroughAsync(link, repository, server, backUp)).Output;
        Assert.Equal(made + 1, (await repository.AllListedRestoreAsync()).Count);
    }

    [Theory]
    [InlineData(LinkFault.Reset, true, AtOnce)]
    [InlineData(LinkFault.Cut, true, Midway)]
    [InlineData(LinkFault.HalfClose, false, AtOnce)]
    public async Task A_connection_to_the_store_that_stays_broken_is_reported_and_the_next_backup_works(
        LinkFault fault, bool toServer, long afterBytes)
    {
        EtcdServer etcd = await SharedServers.MediumEtcdAsync();
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        await PastBackups.MakeAsync(repository.Store, "default", TimeSpan.FromHours(1));
        string[] backUp = ["backup", "--etcd-endpoint", etcd.EndpointList];
        await using TcpProxy link = new(server.HttpsEndpoint.Port);
        Break(toServer ? link.ToServer : link.ToClient, fault, afterBytes, times: int.MaxValue);

        ToolResult broken = await RunThroughAsync(link, repository, server, backUp);

        Assert.Equal(4, broken.ExitCode);
        Assert.Contains("error: Cannot ", broken.StandardError, StringComparison.Ordinal);
        Assert.Contains($"localhost:{link.Port}", broken.StandardError, StringComparison.Ordinal);
        Assert.Single(await repository.AllListedRestoreAsync());

        link.ToServer.FaultsLeft = link.ToClient.FaultsLeft = 0;
        _ = (await RunThroughAsync(link, repository, server, backUp)).Output;
        Assert.Equal(2, (await repository.AllListedRestoreAsync()).Count);
        await repository.PruneOneDayLaterLeavesOnlyListedObjectsAsync();
    }

    [Theory]
    [InlineData(LinkFault.Reset, AtOnce)]
    [InlineData(LinkFault.Reset, Midway)]
    [InlineData(LinkFault.Cut, AtOnce)]
    [InlineData(LinkFault.Cut, Midway)]
    [InlineData(LinkFault.HalfClose, AtOnce)]
    [InlineData(LinkFault.HalfClose, Midway)]
    public async Task Restore_and_verify_succeed_although_a_connection_from_the_store_breaks(
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
            await using TcpProxy link = new(server.HttpsEndpoint.Port);
            Break(link.ToClient, fault, afterBytes, times: 2);

            ToolResult result = await RunThroughAsync(link, repository, server, verb);

            Assert.True(result.ExitCode == 0, result.StandardError);
            Assert.Equal(2, link.ToClient.Faults);
        }
    }

    [Fact]
    public async Task A_backup_over_delayed_and_slow_connections_only_takes_longer()
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
        await repository.HasOnlyListedObjectsAsync();
    }

    private static void Break(ProxyDirection direction, LinkFault fault, long afterBytes, int times) =>
        (direction.Fault, direction.FaultAfterBytes, direction.FaultsLeft) = (fault, afterBytes, times);

    private static string[] BackUpThrough(TcpProxy link) =>
        ["backup", "--etcd-endpoint", $"http://127.0.0.1:{link.Port}"];

    private static Task<ToolResult> RunThroughAsync(
        TcpProxy link, TestRepository repository, RgwServer server, IEnumerable<string> verb) => Agent.RunAsync(
        [
            .. verb,
            .. repository.Options.Select(
                option => option == server.HttpsEndpoint.AbsoluteUri ? $"https://localhost:{link.Port}" : option),
        ],
        repository.Environment);
}
