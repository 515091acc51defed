using System.Net.Security;

namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>
/// A TLS stream that tells what its reads failed with. In TLS 1.3 a server refuses a client's certificate only after the
/// handshake, by an alert that the first read finds. The HTTP handler, which is writing at that time, reports the failed write
/// and forgets the read; so the alert, which alone says why, is kept here.
/// </summary>
internal sealed class AlertingSslStream(Stream transport, Action<Exception> readFailed) : SslStream(transport)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ValueTask<int> read = base.ReadAsync(buffer, cancellationToken);
        return read.IsCompletedSuccessfully ? read : TellingFailureAsync(read);
    }

    private async ValueTask<int> TellingFailureAsync(ValueTask<int> read)
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
