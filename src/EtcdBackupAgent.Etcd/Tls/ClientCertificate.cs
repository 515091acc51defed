using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>Turns the client's PEM certificate and key into what a TLS handshake presents.</summary>
internal static class ClientCertificate
{
    private const string EncryptedKeyLabel = "ENCRYPTED PRIVATE KEY";
    private const string KeyLabelEnd = "PRIVATE KEY";

    /// <summary>Reads both and proves that they belong together and that the certificate is valid now.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, saying which of the two is wrong and how.</exception>
    public static SslStreamCertificateContext Read(string certificatePem, string keyPem, DateTimeOffset now)
    {
        X509Certificate2Collection chain = PemCertificates.Read("client certificate", certificatePem);
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
            throw Invalid(string.Create(
                CultureInfo.InvariantCulture, $"{name} is not valid before {certificate.NotBefore.ToUniversalTime():u}."));
        }

        return SslStreamCertificateContext.Create(WithKey(certificate, keyPem), chain, offline: true);
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, string keyPem)
    {
        CheckLabels(keyPem);
        using RSA? rsaKey = certificate.GetRSAPublicKey();
        try
        {
            if (rsaKey is not null)
            {
                using RSA rsa = RSA.Create();
                rsa.ImportFromPem(keyPem);
                return certificate.CopyWithPrivateKey(rsa);
            }

            using ECDsa ecdsa = ECDsa.Create();
            ecdsa.ImportFromPem(keyPem);
            return certificate.CopyWithPrivateKey(ecdsa);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // A key of the other algorithm, of another curve, or one that is damaged, all end here, told apart by nothing reliable.
            throw Invalid(
                $"The etcd client key does not belong to the client certificate '{certificate.Subject}', or is damaged.", e);
        }
    }

    private static void CheckLabels(string keyPem)
    {
        IReadOnlyList<string> labels = PemCertificates.Labels(keyPem);
        if (labels.Contains(EncryptedKeyLabel) || keyPem.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
        {
            throw Invalid("The etcd client key is encrypted with a passphrase, which an unattended agent cannot enter.");
        }

        if (!labels.Any(label => label.EndsWith(KeyLabelEnd, StringComparison.Ordinal)))
        {
            throw Invalid(labels.Count == 0
                ? "The etcd client key holds no PEM block."
                : $"The etcd client key holds no private key, but {string.Join(", ", labels.Distinct())}.");
        }
    }

    private static BackupException Invalid(string message, Exception? innerException = null) =>
        new(FailureReason.InvalidInput, message, innerException);
}
