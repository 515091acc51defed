using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Tls;

namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>Certificates in PEM, one or several.</summary>
internal static class PemCertificates
{
    /// <summary>Reads all certificates of a text; messages call it by its content: <c>CA certificates</c>.</summary>
    /// <returns>At least one certificate, in the text's order.</returns>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, saying what the text holds instead.</exception>
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
                ? $"The etcd {content} holds no PEM block."
                : $"The etcd {content} holds no certificate, but {string.Join(", ", labels.Distinct())}.");
    }
}
