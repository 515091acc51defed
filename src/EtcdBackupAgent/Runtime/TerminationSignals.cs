using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Runtime;

/// <summary>
/// Turns SIGINT and SIGTERM into cancellation. The first signal asks the verb to stop in order. The second one ends the
/// process at once, which is the default action of the system.
/// </summary>
internal sealed class TerminationSignals : IDisposable
{
    // Not disposed: a handler can still be running when the registrations are disposed, and this object owns no timer
    // or handle.
#pragma warning disable CA2213
    private readonly CancellationTokenSource _source = new();
#pragma warning restore CA2213
    private readonly PosixSignalRegistration[] _registrations;

    public TerminationSignals() =>
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        ];

    public CancellationToken Token => _source.Token;

    /// <summary>The first signal that was received; null if there was none yet.</summary>
    public PosixSignal? Received { get; private set; }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (Received is null)
        {
            context.Cancel = true;
            Received = context.Signal;
            _source.Cancel();
        }
    }
}
