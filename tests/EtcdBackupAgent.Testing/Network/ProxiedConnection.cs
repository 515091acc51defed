using System.Net.Sockets;

namespace EtcdBackupAgent.Testing.Network;

/// <summary>One connection that passes a <see cref="TcpProxy"/>, to its end.</summary>
internal sealed class ProxiedConnection(Socket client, Socket server, ProxyDirection toServer, ProxyDirection toClient)
{
    /// <summary>What the kernel may hold of a throttled connection, so that its sender feels the rate.</summary>
    private const int ThrottledBufferBytes = 1 << 16;

    private enum End
    {
        /// <summary>The sender has ended its direction; the other may go on.</summary>
        Finished,

        /// <summary>Both directions end in good order.</summary>
        Cut,

        /// <summary>The connection is no more.</summary>
        Reset,
    }

    /// <remarks>
    /// 1. Pass bytes in both directions. 2. When one of them ends, and only it, the other goes on. 3. At a cut, both
    /// peers are told, and what they still say is read and let go. 4. Any other end is a reset.
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
            Finish(client);
            Finish(server);
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
                    Finish(to);
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
                            Finish(to);
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
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The connection is over, or one of the two peers is gone: so is it for the other.
            return End.Reset;
        }
    }

    /// <summary>Tells a peer that nothing more will come.</summary>
    private static void Finish(Socket to)
    {
        try
        {
            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // It is gone already.
        }
    }

    private static async Task DrainAsync(Socket from, CancellationToken cancellationToken)
    {
        byte[] lost = new byte[ProxyDirection.ChunkBytes];
        try
        {
            while (await from.ReceiveAsync(lost, cancellationToken) > 0)
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // Its end, too.
        }
    }
}
