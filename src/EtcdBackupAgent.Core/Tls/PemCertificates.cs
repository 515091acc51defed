using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Tls;

/// <summary>Reads one or several certificates in PEM.</summary>
public static class PemCertificates
{
    /// <summary>
    /// Reads all certificates of a text. <paramref name="content"/> names it in messages: <c>the etcd CA
    /// certificates</c>.
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
            throw new BackupException(FailureReason.InvalidInput, $"Cannot decode {content}: {e.Message}", e);
        }

        if (certificates.Count > 0)
        {
            return certificates;
        }

        IReadOnlyList<string> labels = CertificateWithKey.Labels(pem);
        throw new BackupException(
            FailureReason.InvalidInput,
            labels.Count == 0
                ? $"Found no PEM block in {content}."
                : $"Found no certificate in {content}, but {string.Join(", ", labels.Distinct())}.");
    }
}
