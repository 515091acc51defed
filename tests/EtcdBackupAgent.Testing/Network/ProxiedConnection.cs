using System.Net.Sockets;

namespace EtcdBackupAgent.Testing.Network;

/// <summary>Forwards one connection of a <see cref="TcpProxy"/> until it ends.</summary>
internal sealed class ProxiedConnection(Socket client, Socket server, ProxyDirection toServer, ProxyDirection toClient)
{
    /// <summary>
    /// The kernel buffers of a throttled connection; they are small, so that the sender notices the rate.
    /// </summary>
    private const int ThrottledBufferBytes = 1 << 16;

    private enum End
    {
        /// <summary>The sender ended its direction; the other direction continues.</summary>
        Finished,

        /// <summary>Both directions end in order.</summary>
        Cut,

        /// <summary>The connection is reset.</summary>
        Reset,
    }

    /// <remarks>
    /// 1. Forward bytes in both directions. 2. If only one direction ends, the other continues. 3. At a cut, send an
    /// end to both peers, and discard the bytes that they still send. 4. Any other end is a reset.
    /// </remarks>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // 1
        List<Task<End>> directions =
        [
            PassAsync(client, server, toServer, over.Token),
            PassAsync(server, client, toClient, over.Token),
        ];

        // 2
        End end = End.Finished;
        while (directions.Count > 0 && end == End.Finished)
        {
            Task<End> ended = await Task.WhenAny(directions);
            directions.Remove(ended);
            end = await ended;
        }

        // 3
        if (end == End.Cut)
        {
            await over.CancelAsync();
            await Task.WhenAll(directions);
            SendEnd(client);
            SendEnd(server);
            await Task.WhenAll(DrainAsync(client, cancellationToken), DrainAsync(server, cancellationToken));
            return;
        }

        // 4
        if (end == End.Reset)
        {
            client.LingerState = new LingerOption(true, 0);
            server.LingerState = new LingerOption(true, 0);
            await over.CancelAsync();
            await Task.WhenAll(directions);
        }
    }

    private static async Task<End> PassAsync(
        Socket from, Socket to, ProxyDirection direction, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[ProxyDirection.ChunkBytes];
        long passed = 0;
        try
        {
            while (true)
            {
                if (direction.BytesPerSecond is not null)
                {
                    from.ReceiveBufferSize = ThrottledBufferBytes;
                    to.SendBufferSize = ThrottledBufferBytes;
                }

                int count = await from.ReceiveAsync(buffer.AsMemory(0, direction.ChunkBytesMax), cancellationToken);
                if (count == 0)
                {
                    SendEnd(to);
                    return End.Finished;
                }

                passed += count;
                if (direction.TryTakeFault(passed))
                {
                    switch (direction.Fault)
                    {
                        case LinkFault.Reset:
                            return End.Reset;
                        case LinkFault.Cut:
                            return End.Cut;
                        case LinkFault.HalfClose:
                            SendEnd(to);
                            await DrainAsync(from, cancellationToken);
                            return End.Finished;
                        case LinkFault.Hold:
                            await direction.HoldAsync(cancellationToken);
                            break;
                    }
                }

                await direction.AdmitAsync(count, cancellationToken);
                for (int sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), cancellationToken);
                }

                direction.Count(count);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The connection is over, or one peer closed it: the other peer gets a reset.
            return End.Reset;
        }
    }

    /// <summary>Sends a FIN to a peer: no more bytes follow.</summary>
    private static void SendEnd(Socket to)
    {
        try
        {
            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The peer has already closed the connection.
        }
    }

    private static async Task DrainAsync(Socket from, CancellationToken cancellationToken)
    {
        byte[] discarded = new byte[ProxyDirection.ChunkBytes];
        try
        {
            while (await from.ReceiveAsync(discarded, cancellationToken) > 0)
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The peer closed the connection.
        }
    }
}
