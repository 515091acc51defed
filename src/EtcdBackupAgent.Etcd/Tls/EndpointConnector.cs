using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using EtcdBackupAgent.Core.Tls;

namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>
/// Connects to one endpoint, with TLS if its scheme requires it. The HTTP handler could do this too, but does not
/// report what failed.
/// </summary>
internal sealed class EndpointConnector(
    Uri endpoint,
    string? serverName,
    TlsCredentials credentials,
    TimeProvider timeProvider)
{
    private const string AuthorityHint = "Check the CA certificates that are given for etcd.";

    private const string CertificateHint =
        "Check the client certificate and its key, and that the server trusts their authority.";

    /// <summary>
    /// After a failed call: the server's refusal of the client certificate, if that was the cause. The exception of the
    /// call may not contain it.
    /// </summary>
    public HandshakeException? Refusal { get; private set; }

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="SocketException">The name cannot be resolved, the connection is refused, and so on.</exception>
    /// <exception cref="HandshakeException">The TLS handshake failed.</exception>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        // Uri.Host has brackets around an IPv6 address.
        string host = endpoint.IdnHost;
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(
                IPAddress.TryParse(host, out IPAddress? address)
                    ? new IPEndPoint(address, endpoint.Port)
                    : new DnsEndPoint(host, endpoint.Port),
                cancellationToken);
            ReadBufferedStream transport = new(new NetworkStream(socket, ownsSocket: true));
            return endpoint.Scheme == Uri.UriSchemeHttps
                ? await HandshakeAsync(transport, serverName ?? host, cancellationToken)
                : transport;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<SslStream> HandshakeAsync(Stream transport, string host, CancellationToken cancellationToken)
    {
        ServerTrust trust = new(credentials.Authorities, AuthorityHint, timeProvider);
        UntrustedServerException? untrusted = null;
        AlertingSslStream tls = new(transport, readFailed: e => Refusal = RefusalIn(e) ?? Refusal, timeProvider);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = host,
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                    ClientCertificateContext = credentials.Client,
                    CertificateChainPolicy = trust.ChainPolicy(),
                    RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                    {
                        // A refusal makes the handshake send an alert to the server, which an exception would not.
                        untrusted = trust.Check(certificate, chain, host);
                        return untrusted is null;
                    },
                },
                cancellationToken);
            return tls.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2
                ? tls
                : throw new AuthenticationException("the server did not agree on HTTP/2 (ALPN h2)");
        }
        catch (Exception e) when (untrusted is not null && e is AuthenticationException or IOException)
        {
            await tls.DisposeAsync();
            throw new HandshakeException(untrusted.Message, untrusted.Hint, e);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            await tls.DisposeAsync();
            throw RefusalIn(e) ?? new HandshakeException(
                $"the TLS handshake failed ({e.GetBaseException().Message.TrimEnd('.')})",
                "Check that the endpoint uses TLS: https:// and not http://.",
                e);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private static HandshakeException? RefusalIn(Exception e) =>
        TlsAlert.Find(e) is { } meaning ? new HandshakeException(meaning, CertificateHint, e) : null;
}
