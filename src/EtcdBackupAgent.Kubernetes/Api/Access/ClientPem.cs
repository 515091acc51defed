using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Tls;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>Reads a client certificate with its key from PEM.</summary>
internal static class ClientPem
{
    /// <summary>Reads both. Messages contain their origin, for example <c>the user 'admin' of
    /// '/root/.kube/config'</c>.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>; the message contains neither
    /// text.</exception>
    public static X509Certificate2 Read(string origin, string certificatePem, string keyPem)
    {
        try
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPem(certificatePem);
            return CertificateWithKey.Join("Kubernetes", certificate, keyPem);
        }
        catch (BackupException e)
        {
            throw new BackupException(
                e.Reason, $"The client certificate and key of {origin} cannot be used. {e.Message}", e)
            {
                Hint = e.Hint,
            };
        }
        catch (CryptographicException e)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"The client certificate of {origin} cannot be used: it is not a certificate in PEM.",
                e);
        }
    }
}
