using System.Net.Security;

namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>
/// A TLS stream that reports the exceptions of its reads. In TLS 1.3 a server refuses a client's certificate only after
/// the handshake, with an alert that the first read receives. The HTTP handler is writing at that time: it reports the
/// failed write and drops the exception of the read. Only the alert gives the reason, so this stream reports it, and a
/// write does not fail before the read has failed.
/// </summary>
internal sealed class AlertingSslStream(Stream transport, Action<Exception> readFailed, TimeProvider timeProvider)
    : SslStream(transport)
{
    /// <summary>
    /// How long a failed write waits for the read. The data that the server sent before it closed has already arrived.
    /// </summary>
    private static readonly TimeSpan AlertTimeout = TimeSpan.FromSeconds(1);

    private Task _pendingRead = Task.CompletedTask;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ValueTask<int> read = base.ReadAsync(buffer, cancellationToken);
        if (read.IsCompletedSuccessfully)
        {
            return read;
        }

        Task<int> pending = ReportFailureAsync(read);
        _pendingRead = pending;
        return new ValueTask<int>(pending);
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default)
    {
        try
        {
            await base.WriteAsync(buffer, cancellationToken);
        }
        catch (IOException)
        {
            await _pendingRead.WaitAsync(AlertTimeout, timeProvider, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private async Task<int> ReportFailureAsync(ValueTask<int> read)
    {
        try
        {
            return await read;
        }
        catch (IOException e)
        {
            readFailed(e);
            throw;
        }
    }
}
