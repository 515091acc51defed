using EtcdBackupAgent.Testing.Network;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>
/// A proxy for a server that pauses the first large transfer in the middle until a test releases it. So the test can
/// act exactly in the middle of the transfer.
/// </summary>
internal sealed class HeldTransfer : IAsyncDisposable
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TcpProxy _proxy;
    private volatile bool _isHeld;

    /// <param name="serverPort">The server's port on 127.0.0.1.</param>
    /// <param name="afterBytes">The bytes that the server may send on one connection before the pause.</param>
    public HeldTransfer(int serverPort, long afterBytes) => _proxy = new TcpProxy(serverPort)
    {
        ToClient =
        {
            Fault = LinkFault.Hold,
            FaultAfterBytes = afterBytes,
            FaultsLeft = 1,
            Hold = cancellationToken =>
            {
                _isHeld = true;
                return _released.Task.WaitAsync(cancellationToken);
            },
        },
    };

    /// <summary>The port of the proxy on 127.0.0.1.</summary>
    public int Port => _proxy.Port;

    /// <summary>Whether a transfer is paused.</summary>
    public bool IsHeld => _isHeld;

    /// <summary>Waits until a transfer of this program is paused.</summary>
    /// <exception cref="InvalidOperationException">
    /// The program ended earlier; the message contains its output.
    /// </exception>
    public Task UntilHeldAsync(PeerProcess agent) => agent.UntilReadyAsync(() => Task.FromResult(_isHeld));

    /// <summary>Lets the transfer continue.</summary>
    public void Release() => _released.TrySetResult();

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();
}
