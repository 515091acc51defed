using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Tls;

/// <summary>
/// Combines a client certificate with its private key for a TLS handshake, and reports what is wrong if they cannot be
/// combined.
/// </summary>
/// <remarks>
/// 1. The text contains exactly one private key, which is not encrypted.
/// 2. The key has the certificate's algorithm.
/// 3. The algorithm is RSA, or ECDSA on a curve of TLS 1.3 (RFC 8446, section 4.2.3). .NET presents no other
///    certificate, although OpenSSL could, and etcd's own tools accept Ed25519.
/// 4. The key is complete and belongs to the certificate.
/// </remarks>
public static class CertificateWithKey
{
    private const string EncryptedKeyLabel = "ENCRYPTED PRIVATE KEY";
    private const string KeyLabelEnd = "PRIVATE KEY";

    /// <summary>The object identifiers of P-256, P-384 and P-521.</summary>
    private static readonly string[] CurvesOfTls = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

    /// <param name="whose">The name of the pair in messages, before "client key": <c>etcd</c>.</param>
    /// <param name="certificate">The certificate, without its key.</param>
    /// <param name="keyPem">The key.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>; the message contains no key material.
    /// </exception>
    public static X509Certificate2 Join(string whose, X509Certificate2 certificate, string keyPem)
    {
        string key = $"The {whose} client key";
        string ofCertificate = $"the client certificate '{certificate.Subject}'";

        // 1
        RequireOneOpenKey(key, keyPem);

        // 2
        string algorithm = KeyAlgorithm.Of(certificate);
        if (KeyAlgorithm.OfPrivateKey(keyPem) is { } keyAlgorithm && keyAlgorithm != algorithm)
        {
            throw Invalid(
                $"{key} does not belong to {ofCertificate}: the algorithm of the key is {keyAlgorithm}, that of the "
                + $"certificate {algorithm}.");
        }

        // 3
        RequireUsable(whose, certificate, algorithm);

        // 4
        using AsymmetricAlgorithm pair = algorithm == KeyAlgorithm.Rsa ? RSA.Create() : ECDsa.Create();
        try
        {
            pair.ImportFromPem(keyPem);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw Invalid($"{key} is damaged: it cannot be read as an {algorithm} key.", e);
        }

        try
        {
            return pair is RSA rsa ? certificate.CopyWithPrivateKey(rsa) : certificate.CopyWithPrivateKey((ECDsa)pair);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw Invalid($"{key} does not belong to {ofCertificate}.", e);
        }
    }

    /// <summary>Returns the labels of the text's PEM blocks, such as <c>EC PRIVATE KEY</c>, in their order.</summary>
    public static IReadOnlyList<string> Labels(string pem)
    {
        List<string> labels = [];
        ReadOnlySpan<char> rest = pem;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            labels.Add(rest[fields.Label].ToString());
            rest = rest[fields.Location.End..];
        }

        return labels;
    }

    private static void RequireOneOpenKey(string key, string keyPem)
    {
        IReadOnlyList<string> labels = Labels(keyPem);
        if (labels.Contains(EncryptedKeyLabel) || keyPem.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
        {
            throw Invalid($"{key} is encrypted with a passphrase, which an unattended agent cannot enter.");
        }

        int keys = labels.Count(label => label.EndsWith(KeyLabelEnd, StringComparison.Ordinal));
        if (keys > 1)
        {
            throw Invalid($"{key} contains {keys} private keys, but exactly one is expected.");
        }

        if (keys == 0)
        {
            throw Invalid(labels.Count == 0
                ? $"{key} contains no PEM block."
                : $"{key} contains no private key, but {string.Join(", ", labels.Distinct())}.");
        }
    }

    private static void RequireUsable(string whose, X509Certificate2 certificate, string algorithm)
    {
        string? curve = null;
        if (algorithm == KeyAlgorithm.Ecdsa)
        {
            using ECDsa? key = certificate.GetECDsaPublicKey();
            Oid? oid = key?.ExportParameters(includePrivateParameters: false).Curve.Oid;
            if (oid is not null && CurvesOfTls.Contains(oid.Value, StringComparer.Ordinal))
            {
                return;
            }

            curve = $" on the curve {oid?.FriendlyName ?? oid?.Value ?? "of its own"}";
        }
        else if (algorithm == KeyAlgorithm.Rsa)
        {
            return;
        }

        throw new BackupException(
            FailureReason.InvalidInput,
            $"The {whose} client certificate '{certificate.Subject}' has a key of the algorithm {algorithm}{curve}, "
            + "which this program cannot use for TLS.")
        {
            Hint = "Issue a client certificate with a key of RSA, or of ECDSA on the curve P-256, P-384 or P-521.",
        };
    }

    private static BackupException Invalid(string message, Exception? innerException = null) =>
        new(FailureReason.InvalidInput, message, innerException);
}
