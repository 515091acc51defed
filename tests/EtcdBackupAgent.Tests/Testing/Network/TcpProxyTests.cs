using System.Net;
using System.Net.Sockets;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Network;
using EtcdBackupAgent.Testing.Time;
using Xunit;

namespace EtcdBackupAgent.Tests.Testing.Network;

/// <summary>The effects of the proxy on both ends of a connection; other tests rely on them.</summary>
public sealed class TcpProxyTests : IAsyncDisposable
{
    private readonly ManualTime _clock = new(DateTimeOffset.UnixEpoch);
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly TcpProxy _proxy;
    private readonly List<Socket> _sockets = [];

    public TcpProxyTests()
    {
        _server.Start();
        _proxy = new TcpProxy(((IPEndPoint)_server.LocalEndpoint).Port, _clock);
    }

    [Fact]
    public async Task Bytes_pass_in_both_directions_and_each_direction_may_end_first()
    {
        (Socket client, Socket server) = await ConnectAsync();

        await client.SendAsync("question"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("question"u8.ToArray(), await ReadToEndAsync(server));
        await server.SendAsync("answer"u8.ToArray());
        server.Shutdown(SocketShutdown.Send);

        Assert.Equal("answer"u8.ToArray(), await ReadToEndAsync(client));
        Assert.Equal(1, _proxy.Connections);
    }

    [Fact]
    public async Task A_rate_applies_to_all_connections_together_and_to_one_direction()
    {
        const int Rate = 1000;
        const int Sent = 3 * Rate;
        _proxy.ToServer.BytesPerSecond = Rate;
        (Socket client, Socket server) one = await ConnectAsync();
        (Socket client, Socket server) other = await ConnectAsync();

        await one.client.SendAsync(new byte[Sent]);
        await other.client.SendAsync(new byte[Sent]);
        await one.server.SendAsync(new byte[Sent]);
        await ReadAsync(one.client, Sent);
        await TestDeadline.UntilAsync("all bytes", () =>
        {
            int arrived = one.server.Available + other.server.Available;
            Assert.InRange(arrived, 0, (_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds * Rate);
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(arrived == 2 * Sent);
        });
    }

    [Fact]
    public async Task Delayed_bytes_arrive_after_their_delay()
    {
        _proxy.ToClient.Delay = TimeSpan.FromSeconds(5);
        (Socket client, Socket server) = await ConnectAsync();

        await server.SendAsync("late"u8.ToArray());
        server.Shutdown(SocketShutdown.Send);
        await client.SendAsync("soon"u8.ToArray());
        await ReadAsync(server, 4);
        Assert.Equal(0, client.Available);
        Task<byte[]> read = ReadToEndAsync(client);
        await TestDeadline.UntilAsync("the bytes", () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(read.IsCompleted);
        });

        Assert.Equal("late"u8.ToArray(), await read);
    }

    [Fact]
    public async Task A_reset_ends_both_ends_with_an_error()
    {
        (_proxy.ToServer.Fault, _proxy.ToServer.FaultAfterBytes, _proxy.ToServer.FaultsLeft) = (LinkFault.Reset, 5, 1);
        (Socket client, Socket server) = await ConnectAsync();

        await client.SendAsync("four"u8.ToArray());
        await ReadAsync(server, 4);
        await client.SendAsync("five"u8.ToArray());

        Assert.Equal(SocketError.ConnectionReset, await ErrorAsync(client));
        Assert.Equal(SocketError.ConnectionReset, await ErrorAsync(server));
        Assert.Equal((1, 0), (_proxy.ToServer.Faults, _proxy.ToServer.FaultsLeft));
    }

    [Fact]
    public async Task A_cut_ends_both_ends_in_order()
    {
        (_proxy.ToClient.Fault, _proxy.ToClient.FaultAfterBytes, _proxy.ToClient.FaultsLeft) = (LinkFault.Cut, 1, 1);
        (Socket client, Socket server) = await ConnectAsync();

        await server.SendAsync("lost"u8.ToArray());

        Assert.Empty(await ReadToEndAsync(client));
        Assert.Empty(await ReadToEndAsync(server));
    }

    [Fact]
    public async Task A_half_close_ends_one_direction_and_the_other_continues()
    {
        (_proxy.ToServer.Fault, _proxy.ToServer.FaultAfterBytes, _proxy.ToServer.FaultsLeft) = (
            LinkFault.HalfClose,
            1,
            1);
        (Socket client, Socket server) = await ConnectAsync();

        await client.SendAsync("lost"u8.ToArray());
        Assert.Empty(await ReadToEndAsync(server));
        await client.SendAsync("lost, too"u8.ToArray());
        await server.SendAsync("heard"u8.ToArray());
        server.Shutdown(SocketShutdown.Send);

        Assert.Equal("heard"u8.ToArray(), await ReadToEndAsync(client));
    }

    public async ValueTask DisposeAsync()
    {
        _sockets.ForEach(socket => socket.Dispose());
        await _proxy.DisposeAsync();
        _server.Dispose();
    }

    private async Task<(Socket Client, Socket Server)> ConnectAsync()
    {
        Socket client = new(SocketType.Stream, ProtocolType.Tcp);
        _sockets.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        Socket server = await _server.AcceptSocketAsync();
        _sockets.Add(server);
        return (client, server);
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        List<byte> all = [];
        byte[] some = new byte[100];
        int count;
        while ((count = await socket.ReceiveAsync(some).WaitAsync(TestDeadline.Patience)) > 0)
        {
            all.AddRange(some.AsSpan(0, count));
        }

        return [.. all];
    }

    private static async Task ReadAsync(Socket socket, int bytes)
    {
        byte[] some = new byte[bytes];
        for (int read = 0; read < bytes;)
        {
            int count = await socket.ReceiveAsync(some.AsMemory(read)).AsTask().WaitAsync(TestDeadline.Patience);
            Assert.NotEqual(0, count);
            read += count;
        }
    }

    private static async Task<SocketError> ErrorAsync(Socket socket) =>
        (await Assert.ThrowsAsync<SocketException>(
            () => socket.ReceiveAsync(new byte[1]).WaitAsync(TestDeadline.Patience))).SocketErrorCode;
}
