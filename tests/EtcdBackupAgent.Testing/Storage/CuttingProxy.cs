using System.Net;
using System.Net.Sockets;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>
/// Stands between a client and a server and passes bytes on, until it is told to cut or to hold connections: after so many bytes
/// of a connection, for so many connections.
/// </summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly IPEndPoint _server;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _cutsLeft;
    private int _cuts;

    public CuttingProxy(int serverPort)
    {
        _server = new IPEndPoint(IPAddress.Loopback, serverPort);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Bytes that pass a connection, in the direction that is cut, before it is cut.</summary>
    public long CutAfterBytes { get; set; } = long.MaxValue;

    /// <summary>Whether the bytes of answers count, and not those of requests.</summary>
    public bool CutAnswers { get; set; }

    /// <summary>What happens in place of the cut: the connection waits for it and goes on. Null to cut.</summary>
    public Func<CancellationToken, Task>? Hold { get; init; }

    /// <summary>How many connections are cut from now on.</summary>
    public int CutsLeft
    {
        get => Volatile.Read(ref _cutsLeft);
        set => Volatile.Write(ref _cutsLeft, value);
    }

    /// <summary>How many were.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

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
                connections.Add(PassOnAsync(await _listener.AcceptSocketAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task PassOnAsync(Socket client)
    {
        using Socket toClient = client;
        using Socket toServer = new(SocketType.Stream, ProtocolType.Tcp);
        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        try
        {
            await toServer.ConnectAsync(_server, done.Token);
            await Task.WhenAny(
                PumpAsync(toClient, toServer, !CutAnswers, done.Token),
                PumpAsync(toServer, toClient, CutAnswers, done.Token));
            // A reset and not a polite end.
            toClient.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The connection is over either way.
        }
        finally
        {
            await done.CancelAsync();
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool cuts, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1 << 16];
        long passed = 0;
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, cancellationToken)) > 0)
            {
                passed += count;
                if (cuts && passed >= CutAfterBytes && TryTakeCut())
                {
                    if (Hold is null)
                    {
                        return;
                    }

                    await Hold(cancellationToken);
                }

                for (int sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), cancellationToken);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The other direction ended, or one of the two peers did.
        }
    }

    private bool TryTakeCut()
    {
        if (Interlocked.Decrement(ref _cutsLeft) < 0)
        {
            Interlocked.Increment(ref _cutsLeft);
            return false;
        }

        Interlocked.Increment(ref _cuts);
        return true;
    }
}
