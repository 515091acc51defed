using System.Net;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;
using EtcdBackupAgent.Core.Tls;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>Creates the handler for connections to an API server: TLS, proxy, and the detection of dead
/// connections.</summary>
internal static class ApiHandler
{
    /// <summary>The name of the server in messages about a proxy.</summary>
    public const string ServerKind = "an API server";

    private const string AuthorityHint =
        "Check the CA certificates of the cluster: certificate-authority of the kubeconfig, or ca.crt of the service "
        + "account.";

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A connection on which a watch receives nothing for this long is pinged; HTTP/2 only.</summary>
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(15);

    /// <summary>A connection is used for new requests for at most this long, since credentials and names may
    /// change.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);

    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: the CA certificates are
    /// invalid.</exception>
    public static HttpMessageHandler Create(KubernetesConnection connection, TimeProvider time)
    {
        ProxyRules proxies = connection.Proxies ?? ProxyRules.None;

        // An invalid proxy address fails here, before anything is sent.
        _ = connection.Proxy;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            ConnectTimeout = ConnectTimeout,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
            Proxy = proxies,
        };
        handler.SslOptions = Trust(connection, time).HandlerOptions();
        // Null means that there is no certificate, although the delegate's type does not allow it. The callback runs at
        // each handshake, since the certificate may change.
        handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => connection.Credentials.Certificate!;
        if (connection.IsServerUnverified)
        {
            // The kubeconfig requests this: insecure-skip-tls-verify.
#pragma warning disable CA5359, MA0039
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359, MA0039
        }

        // ApiTransport recognizes the responses of a proxy by their content.
        return new ProxiedRequests(proxies, ServerKind, static _ => false, handler);
    }

    private static ServerTrust Trust(KubernetesConnection connection, TimeProvider time) => new(
        connection.CaCertificatesPem is { } pem
            ? PemCertificates.Read($"the CA certificates of {connection}", pem)
            : null,
        AuthorityHint,
        time);
}
