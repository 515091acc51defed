using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Runtime;

/// <summary>
/// Turns SIGINT and SIGTERM into cancellation. The first signal asks the verb to come to its end in order; the second ends the process at
/// once, as the system would have.
/// </summary>
internal sealed class TerminationSignals : IDisposable
{
    // Not disposed: a handler may still be under way when the registrations are, and this holds no timer or handle.
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

    /// <summary>The first signal that came; null while there was none.</summary>
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
