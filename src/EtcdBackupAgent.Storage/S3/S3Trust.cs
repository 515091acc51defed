using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Core.Tls;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>The authorities that sign the certificates of S3 servers and of the token service.</summary>
internal static class S3Trust
{
    /// <summary>
    /// The variable with the path of a file of CA certificates. The AWS programs trust them instead of the system's.
    /// </summary>
    public const string BundleVariable = "AWS_CA_BUNDLE";

    private const string AuthorityHint = "Give the certificate of the CA that signed it.";

    /// <summary>
    /// Returns the trust in the given certificates; if none are given, in those of <see cref="BundleVariable"/>; if
    /// that is not set, in those of the system.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: the text or the file contains no certificates.
    /// </exception>
    public static ServerTrust Of(string? caCertificatePem, TimeProvider time)
    {
        X509Certificate2Collection? authorities = null;
        if (caCertificatePem is not null)
        {
            authorities = PemCertificates.Read("the CA certificates of the S3 server", caCertificatePem);
        }
        else if (Environment.GetEnvironmentVariable(BundleVariable) is { Length: > 0 } text)
        {
            string file = SecretText.WithoutLineEnd(text);
            authorities = PemCertificates.Read($"'{file}', which {BundleVariable} names", ReadBundle(file));
        }

        return new ServerTrust(authorities, AuthorityHint, time);
    }

    private static string ReadBundle(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"The CA certificates '{file}', which {BundleVariable} names, cannot be read: {e.Message}",
                e);
        }
    }
}
