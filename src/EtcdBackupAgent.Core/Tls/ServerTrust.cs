using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace EtcdBackupAgent.Core.Tls;

/// <summary>
/// The servers that a TLS client trusts: etcd, an S3 store and an API server are checked by the same rules, and a
/// refusal lists everything that is wrong with the server's certificate. The name is always checked.
/// </summary>
/// <param name="authorities">The only authorities to trust; null for those of the system.</param>
/// <param name="authorityHint">
/// A sentence that says where the authorities of this server are configured, for a certificate that none of them
/// signed.
/// </param>
/// <param name="time">The clock against which the dates of certificates are checked.</param>
public sealed class ServerTrust(X509Certificate2Collection? authorities, string authorityHint, TimeProvider time)
{
    /// <summary>Checks the certificate that a server presents in a handshake.</summary>
    /// <param name="certificate">The certificate; null if the server presented none.</param>
    /// <param name="chain">The chain that .NET built; only the certificates presented with it are used.</param>
    /// <param name="host">The name or address of the server, which the certificate must contain.</param>
    /// <returns>Why the server is not trusted; null if it is.</returns>
    public UntrustedServerException? Check(X509Certificate? certificate, X509Chain? chain, string host)
    {
        if (certificate is null)
        {
            return new UntrustedServerException(
                "the server presented no certificate", "Check that the port of the address is the one for TLS.");
        }

        using X509Certificate2 presented = new(certificate);
        IReadOnlyList<CertificateProblem> problems = ServerCertificate.Problems(
            presented, chain?.ChainPolicy.ExtraStore ?? [], authorities, host, time.GetUtcNow());
        return problems.Count == 0
            ? null
            : new UntrustedServerException(
                $"the server's certificate {string.Join("; it ", problems.Select(problem => problem.Fact))}",
                string.Join(' ', problems.Select(problem => problem.Hint ?? authorityHint).Distinct()));
    }

    /// <summary>
    /// Returns the options of a handler for <see cref="HttpClient"/>. A request to an untrusted server throws
    /// <see cref="UntrustedServerException"/>, possibly as an inner exception.
    /// </summary>
    public SslClientAuthenticationOptions HandlerOptions() => new()
    {
        CertificateChainPolicy = ChainPolicy(),
        RemoteCertificateValidationCallback = (stream, certificate, chain, _) =>
            Check(certificate, chain, ((SslStream)stream).TargetHostName) is { } untrusted ? throw untrusted : true,
    };

    /// <summary>
    /// Returns the policy of the chain that .NET builds before <see cref="Check"/> runs. Without the authorities, .NET
    /// might try to download a missing one. A private authority rarely publishes revocations, and a backup must not
    /// wait for them.
    /// </summary>
    public X509ChainPolicy ChainPolicy()
    {
        X509ChainPolicy policy = new() { RevocationMode = X509RevocationMode.NoCheck };
        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return policy;
    }
}
