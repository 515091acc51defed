using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Tls;

namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>Reads one or several certificates in PEM.</summary>
internal static class PemCertificates
{
    /// <summary>
    /// Reads all certificates of a text. <paramref name="content"/> names it in messages: <c>CA certificates</c>.
    /// </summary>
    /// <returns>At least one certificate, in the order of the text.</returns>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>, naming what the text contains instead.
    /// </exception>
    public static X509Certificate2Collection Read(string content, string pem)
    {
        X509Certificate2Collection certificates = [];
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new BackupException(FailureReason.InvalidInput, $"The etcd {content} cannot be read: {e.Message}", e);
        }

        if (certificates.Count > 0)
        {
            return certificates;
        }

        IReadOnlyList<string> labels = CertificateWithKey.Labels(pem);
        throw new BackupException(
            FailureReason.InvalidInput,
            labels.Count == 0
                ? $"The etcd {content} contains no PEM block."
                : $"The etcd {content} contains no certificate, but {string.Join(", ", labels.Distinct())}.");
    }
}
