using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Tls;

namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>Converts the client's PEM certificate and key for the TLS handshake.</summary>
internal static class ClientCertificate
{
    /// <summary>Reads both, and checks that they belong together and that the certificate is valid now.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: one of the two is wrong; the message gives the value and the reason.
    /// </exception>
    public static SslStreamCertificateContext Read(string certificatePem, string keyPem, DateTimeOffset now)
    {
        X509Certificate2Collection chain = PemCertificates.Read("the etcd client certificate", certificatePem);
        X509Certificate2 certificate = chain[0];
        chain.RemoveAt(0);
        string name = $"The etcd client certificate '{certificate.Subject}'";
        if (now.UtcDateTime > certificate.NotAfter.ToUniversalTime())
        {
            throw Invalid(string.Create(
                CultureInfo.InvariantCulture, $"{name} expired on {certificate.NotAfter.ToUniversalTime():u}."));
        }

        if (now.UtcDateTime < certificate.NotBefore.ToUniversalTime())
        {
            throw Invalid(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} is not valid before {certificate.NotBefore.ToUniversalTime():u}."));
        }

        return SslStreamCertificateContext.Create(
            CertificateWithKey.Join("etcd", certificate, keyPem), chain, offline: true);
    }

    private static BackupException Invalid(string message) => new(FailureReason.InvalidInput, message);
}
