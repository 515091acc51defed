using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>A client certificate with its key out of PEM.</summary>
internal static class ClientPem
{
    /// <summary>Reads both; messages name their origin, as in <c>the user 'admin' of
    /// '/root/.kube/config'</c>.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>; neither text is in the
    /// message.</exception>
    public static X509Certificate2 Read(string origin, string certificatePem, string keyPem)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificatePem, keyPem);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"The client certificate and key of {origin} cannot be used: they do not belong together, or are no PEM.",
                e);
        }
    }
}
