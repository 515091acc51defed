using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Secrets;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// Whom TLS trusts: the system's roots, or only the CA certificates that were given. The host name is checked either
/// way; nothing can turn that off.
/// </summary>
internal static class ServerTrust
{
    /// <summary>What the AWS programs call the file of CA certificates to trust in place of the system's.</summary>
    public const string BundleVariable = "AWS_CA_BUNDLE";

    /// <summary>
    /// Trusts the certificates given; if none are, those of <see cref="BundleVariable"/>; if that is not set, the
    /// system's.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: no certificates are in what was given.
    /// </exception>
    public static SslClientAuthenticationOptions Options(string? caCertificatePem)
    {
        X509ChainPolicy policy = new()
        {
            // A private CA seldom publishes revocations, and a backup must not wait for a server that does.
            RevocationMode = X509RevocationMode.NoCheck,
        };
        if (caCertificatePem is not null)
        {
            TrustOnly(policy, caCertificatePem, "the option of the CA certificate");
        }
        else if (Environment.GetEnvironmentVariable(BundleVariable) is { Length: > 0 } text)
        {
            string file = SecretText.WithoutLineEnd(text);
            TrustOnly(policy, ReadBundle(file), $"'{file}', which {BundleVariable} names,");
        }

        return new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = policy,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                errors == SslPolicyErrors.None ? true : throw Refusal(certificate as X509Certificate2, chain, errors),
        };
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

    private static void TrustOnly(X509ChainPolicy policy, string pem, string origin)
    {
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        try
        {
            policy.CustomTrustStore.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"A CA certificate in {origin} cannot be decoded: {e.Message}", e);
        }

        if (policy.CustomTrustStore.Count == 0)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"There is no certificate in {origin}; it must hold PEM certificates.");
        }
    }

    private static UntrustedServerException Refusal(
        X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        X509ChainStatusFlags status = chain?.ChainStatus.Aggregate(
            X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        if (certificate is null)
        {
            return new UntrustedServerException(
                "the server showed no certificate.", "See that the endpoint's port is the one for HTTPS.");
        }

        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            string from = certificate.NotBefore.ToUniversalTime().ToString("u", CultureInfo.InvariantCulture);
            string to = certificate.NotAfter.ToUniversalTime().ToString("u", CultureInfo.InvariantCulture);
            return new UntrustedServerException(
                $"a certificate of the server's chain is not valid now; the server's own, '{certificate.Subject}', is "
                + "valid from "
                + $"{from} to {to}.",
                "Renew it, or set this machine's clock.");
        }

        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? new UntrustedServerException(
                $"the server's certificate is for another host: it is for {Names(certificate)}.",
                "Use one of these names in the endpoint, or give the server a certificate for the name in use.")
            : new UntrustedServerException(
                $"the server's certificate '{certificate.Subject}', issued by '{certificate.Issuer}', is not signed by "
                + "a CA that "
                    + $"is trusted ({status}).",
                "Give the certificate of the CA that signed it: caCertificate of the BackupLocation, --s3-ca-file, or "
                + "AWS_CA_BUNDLE."
            );
    }

    private static string Names(X509Certificate2 certificate)
    {
        X509SubjectAlternativeNameExtension? names =
            certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return names is null
            ? $"no name at all (subject '{certificate.Subject}')"
            : string.Join(
                ", ",
                names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(a => a.ToString())));
    }
}
