using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Tls;

namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>The credentials of a TLS handshake: the authorities to trust, and the client's own certificate.</summary>
internal sealed class TlsCredentials : IDisposable
{
    private TlsCredentials(X509Certificate2Collection? authorities, SslStreamCertificateContext? client)
    {
        Authorities = authorities;
        Client = client;
    }

    /// <summary>The only authorities to trust; null for those of the system.</summary>
    public X509Certificate2Collection? Authorities { get; }

    public SslStreamCertificateContext? Client { get; }

    /// <summary>Reads PEM values and checks them.</summary>
    /// <param name="authoritiesPem">The only authorities to trust; null for those of the system.</param>
    /// <param name="certificatePem">The client's certificate; null for none.</param>
    /// <param name="keyPem">The key of the client's certificate; null for none.</param>
    /// <param name="now">The time at which the client's certificate must be valid.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>, naming the value and what is wrong with it.
    /// </exception>
    public static TlsCredentials Read(
        string? authoritiesPem, string? certificatePem, string? keyPem, DateTimeOffset now)
    {
        if (certificatePem is null != keyPem is null)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                keyPem is null
                    ? "An etcd client certificate is given without its key."
                    : "An etcd client key is given without its certificate.");
        }

        return new TlsCredentials(
            authoritiesPem is not null ? PemCertificates.Read("the etcd CA certificates", authoritiesPem) : null,
            certificatePem is not null && keyPem is not null
                ? ClientCertificate.Read(certificatePem, keyPem, now)
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
