using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>What a TLS handshake needs of an <see cref="EtcdConnection"/>: whom to trust, and whom to be.</summary>
internal sealed class TlsCredentials : IDisposable
{
    private TlsCredentials(X509Certificate2Collection? authorities, SslStreamCertificateContext? client)
    {
        Authorities = authorities;
        Client = client;
    }

    /// <summary>The only authorities trusted; null: those of the system.</summary>
    public X509Certificate2Collection? Authorities { get; }

    public SslStreamCertificateContext? Client { get; }

    /// <summary>Reads the PEM values of a connection and checks them.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming the value and what is wrong with it.</exception>
    public static TlsCredentials Read(EtcdConnection connection, DateTimeOffset now)
    {
        if (connection.ClientCertificatePem is null != connection.ClientKeyPem is null)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                connection.ClientKeyPem is null
                    ? "An etcd client certificate is given without its key."
                    : "An etcd client key is given without its certificate.");
        }

        return new TlsCredentials(
            connection.CaCertificatesPem is { } authorities ? PemCertificates.Read("CA certificates", authorities) : null,
            connection is { ClientCertificatePem: { } certificate, ClientKeyPem: { } key }
                ? ClientCertificate.Read(certificate, key, now)
                : null);
    }

    public void Dispose()
    {
        foreach (X509Certificate2 certificate in Authorities ?? [])
        {
            certificate.Dispose();
        }

        foreach (X509Certificate2 certificate in Client?.IntermediateCertificates ?? [])
        {
            certificate.Dispose();
        }

        Client?.TargetCertificate.Dispose();
    }
}
