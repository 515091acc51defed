using System.Net;
using System.Net.Sockets;

namespace EtcdBackupAgent.Testing.Network;

/// <summary>
/// A proxy between a client and a server. The test sets for each direction whether bytes are delayed or throttled, and
/// whether a fault strikes in the middle of a connection.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly IPEndPoint _server;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _connections;

    /// <param name="serverPort">The server's port on 127.0.0.1.</param>
    /// <param name="time">The clock for delays and rates; null for the system clock.</param>
    public TcpProxy(int serverPort, TimeProvider? time = null)
    {
        ToServer = new ProxyDirection(time ?? TimeProvider.System);
        ToClient = new ProxyDirection(time ?? TimeProvider.System);
        _server = new IPEndPoint(IPAddress.Loopback, serverPort);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>The port of the proxy on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The direction from clients to the server.</summary>
    public ProxyDirection ToServer { get; }

    /// <summary>The direction from the server to clients.</summary>
    public ProxyDirection ToClient { get; }

    /// <summary>The number of connections that clients opened so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Resets all connections.</summary>
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
                connections.Add(ForwardAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ForwardAsync(Socket toClient)
    {
        using Socket client = toClient;
        using Socket server = new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await server.ConnectAsync(_server, _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The server is down: the connection of the client is closed.
            return;
        }

        await new ProxiedConnection(client, server, ToServer, ToClient).RunAsync(_stop.Token);
    }
}
