using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>The connections to an API server: TLS, proxy, and how a dead one is noticed.</summary>
internal static class ApiHandler
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A connection through which a watch hears nothing for this long is asked whether it lives; HTTP/2
    /// only.</summary>
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Credentials and names may change: no connection is used for new requests for longer.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);

    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: the CA certificates are
    /// none.</exception>
    public static SocketsHttpHandler Create(KubernetesConnection connection)
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            ConnectTimeout = ConnectTimeout,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
        };
        if (connection.Proxy is not null)
        {
            handler.Proxy = new WebProxy(connection.Proxy);
        }

        handler.SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = Trust(connection),
            // Null means that there is none, whatever the delegate's type says. Asked at each handshake, since it may
            // change.
            LocalCertificateSelectionCallback = (_, _, _, _, _) => connection.Credentials.Certificate!,
        };
        if (connection.IsServerUnverified)
        {
            // The kubeconfig says so: insecure-skip-tls-verify.
#pragma warning disable CA5359, MA0039
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359, MA0039
        }

        return handler;
    }

    private static X509ChainPolicy Trust(KubernetesConnection connection)
    {
        // A cluster's CA publishes no revocations.
        X509ChainPolicy policy = new() { RevocationMode = X509RevocationMode.NoCheck };
        if (connection.CaCertificatesPem is not { } pem)
        {
            return policy;
        }

        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        try
        {
            policy.CustomTrustStore.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"The CA certificates for {connection} cannot be decoded: {e.Message}", e);
        }

        return policy.CustomTrustStore.Count > 0
            ? policy
            : throw new BackupException(
                FailureReason.InvalidInput, $"The CA certificates for {connection} hold no certificate in PEM.");
    }
}
