using EtcdBackupAgent.Testing.Network;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>
/// A way to a server on which the first transfer that is large enough is stopped in the middle and goes on when it is
/// told to: what a test does meanwhile surely happens in the middle.
/// </summary>
internal sealed class HeldTransfer : IAsyncDisposable
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TcpProxy _proxy;
    private volatile bool _isHeld;

    /// <param name="serverPort">The server's port on 127.0.0.1.</param>
    /// <param name="afterBytes">Bytes that the server may send on one connection before it is held.</param>
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

    /// <summary>The port on 127.0.0.1 to go to in place of the server's.</summary>
    public int Port => _proxy.Port;

    /// <summary>Whether a transfer is held.</summary>
    public bool IsHeld => _isHeld;

    /// <summary>Waits until a transfer of this program is held.</summary>
    /// <exception cref="InvalidOperationException">
    /// The program ended before; the message holds what it said.
    /// </exception>
    public Task UntilHeldAsync(PeerProcess agent) => agent.UntilReadyAsync(() => Task.FromResult(_isHeld));

    /// <summary>Lets it go on.</summary>
    public void Release() => _released.TrySetResult();

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();
}
