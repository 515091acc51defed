using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Network;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Etcd.Watching;

/// <summary>A reader that is slower than the writes delays etcd's responses, and not the memory of the agent.</summary>
public sealed class SlowReaderTests
{
    private const int ValueBytes = 100_000;
    private const int Values = 300;
    private const int Reads = 50;

    public static TheoryData<string> Versions => Watcher.Versions;

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_reader_that_stops_receives_everything_later_and_buffers_no_more_than_the_window(string version)
    {
        await using EtcdServer server =
            await EtcdServer.StartAsync(new EtcdServerOptions { Series = EtcdServers.Series(version) });
        using IndependentClient etcd = new(server.Endpoints[0]);
        await using TcpProxy proxy = new(server.Endpoints[0].Port);
        EtcdConnection connection = EtcdServers.ConnectionTo(server) with
        {
            Endpoints = EtcdEndpoints.Parse($"http://127.0.0.1:{proxy.Port}"),
        };
        await using IWatchedMember member = await Watcher.ConnectAsync(connection);
        await etcd.ChangeAsync(IndependentClient.Put("first", ""));
        await using Watcher watcher = new(member, etcd.Revision);
        await watcher.ReadAsync();
        byte[] value = new byte[ValueBytes];
        for (int i = 0; i < Values; i++)
        {
            new Random(i).NextBytes(value);
            await etcd.ChangeAsync(IndependentClient.Put("key", value));
        }

        // The window is full, and other calls are not delayed.
        await TestDeadline.UntilAsync(
            "the window to be full",
            () => Task.FromResult(proxy.ToClient.ForwardedBytes > EtcdConnection.WatchWindowBytes / 2));
        for (int i = 0; i < Reads; i++)
        {
            Assert.Equal(etcd.Revision, await member.ReadHeadAsync(CancellationToken.None));
        }

        Assert.InRange(proxy.ToClient.ForwardedBytes, 0, 2 * EtcdConnection.WatchWindowBytes);
        await watcher.ReadToAsync(etcd.Revision);

        Assert.Equal(Values + 1, watcher.Records.Count);
        Assert.True(proxy.ToClient.ForwardedBytes > (long)ValueBytes * Values);
        Assert.Equal(1, proxy.Connections);
    }
}
