using System.Net;
using System.Net.Sockets;

namespace EtcdBackupAgent.Testing.Network;

/// <summary>
/// Stands between a client and a server and passes bytes on, in each direction as well or as badly as the test says:
/// late, slowly, or up to a fault in the middle of a connection.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly IPEndPoint _server;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _connections;

    /// <param name="serverPort">The server's port on 127.0.0.1.</param>
    /// <param name="time">By which bytes are late or slow; null for the system's.</param>
    public TcpProxy(int serverPort, TimeProvider? time = null)
    {
        ToServer = new ProxyDirection(time ?? TimeProvider.System);
        ToClient = new ProxyDirection(time ?? TimeProvider.System);
        _server = new IPEndPoint(IPAddress.Loopback, serverPort);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>The port on 127.0.0.1 to go to in place of the server's.</summary>
    public int Port { get; }

    /// <summary>What clients send.</summary>
    public ProxyDirection ToServer { get; }

    /// <summary>What the server answers.</summary>
    public ProxyDirection ToClient { get; }

    /// <summary>Connections that clients have opened so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Ends all connections, by a reset.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                connections.RemoveAll(connection => connection.IsCompletedSuccessfully);
                connections.Add(PassOnAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task PassOnAsync(Socket toClient)
    {
        using Socket client = toClient;
        using Socket server = new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await server.ConnectAsync(_server, _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The server is down: the client sees its connection end.
            return;
        }

        await new ProxiedConnection(client, server, ToServer, ToClient).RunAsync(_stop.Token);
    }
}
