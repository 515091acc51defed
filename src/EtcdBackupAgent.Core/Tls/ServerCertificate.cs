using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EtcdBackupAgent.Core.Tls;

/// <summary>Checks the certificate that a server presents, and reports everything that is wrong with it.</summary>
internal static class ServerCertificate
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string SubjectAlternativeName = "2.5.29.17";
    private const string TimeHint = "Renew the certificate, or correct the clock of this machine.";
    private const string NameHint =
        "Use one of the certificate's names in the address, or issue a certificate for the name in use.";
    private const X509ChainStatusFlags NoAnchor =
        X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;

    /// <summary>
    /// Checks a certificate and the intermediates presented with it against the only authorities to trust (null for
    /// those of the system) and the name or address that it must be for.
    /// </summary>
    /// <returns>Everything that is wrong with it; empty if it is valid.</returns>
    public static IReadOnlyList<CertificateProblem> Problems(
        X509Certificate2 certificate,
        X509Certificate2Collection presented,
        X509Certificate2Collection? authorities,
        string host,
        DateTimeOffset now)
    {
        List<CertificateProblem> problems = [];
        using X509Chain chain = new();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        chain.ChainPolicy.ExtraStore.AddRange(presented);
        if (authorities is not null)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
            chain.ChainPolicy.ExtraStore.AddRange(authorities);
        }

        _ = chain.Build(certificate);
        X509ChainStatusFlags flags = Faults(chain, authorities);
        if (flags.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            problems.Add(new CertificateProblem(TimeProblem(chain, now), TimeHint));
        }

        if ((flags & (NoAnchor | X509ChainStatusFlags.NotSignatureValid)) != X509ChainStatusFlags.NoError)
        {
            problems.Add(new CertificateProblem(
                $"is not signed by {(authorities is null ? "a CA that this system trusts" : "the given CA")}"
                + $" (its issuer is '{certificate.Issuer}')",
                Hint: null));
        }

        if (flags != X509ChainStatusFlags.NoError && problems.Count == 0)
        {
            problems.Add(new CertificateProblem($"is not acceptable ({flags})", Hint: null));
        }

        if (!certificate.MatchesHostname(host, allowWildcards: true, allowCommonName: false))
        {
            problems.Add(new CertificateProblem(
                $"is not for '{host}' but for {string.Join(", ", Names(certificate))}", NameHint));
        }

        return problems;
    }

    /// <summary>
    /// Returns what is wrong with a chain. .NET accepts only a self-signed authority as the end of a chain. Go, and
    /// therefore etcd's own tools, accepts any trusted certificate, and so does the agent.
    /// </summary>
    private static X509ChainStatusFlags Faults(X509Chain chain, X509Certificate2Collection? authorities)
    {
        X509ChainStatusFlags flags = chain.ChainStatus.Aggregate(
            X509ChainStatusFlags.NoError, static (all, status) => all | status.Status);
        bool isAnchored = authorities is not null
            && chain.ChainElements.Skip(1).Any(element => authorities.Contains(element.Certificate));
        return isAnchored ? flags & ~NoAnchor : flags;
    }

    private static string TimeProblem(X509Chain chain, DateTimeOffset now)
    {
        X509Certificate2 invalid = chain
            .ChainElements.First(element =>
                element.ChainElementStatus.Any(status => status.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)))
            .Certificate;
        string whose =
            invalid == chain.ChainElements[0].Certificate ? "" : $"has an issuer, '{invalid.Subject}', that ";
        return now.UtcDateTime > invalid.NotAfter.ToUniversalTime()
            ? string.Create(CultureInfo.InvariantCulture, $"{whose}expired on {invalid.NotAfter.ToUniversalTime():u}")
            : string.Create(
                CultureInfo.InvariantCulture, $"{whose}is not valid before {invalid.NotBefore.ToUniversalTime():u}");
    }

    private static IReadOnlyList<string> Names(X509Certificate2 certificate)
    {
        if (certificate.Extensions[SubjectAlternativeName] is not { } extension)
        {
            return ["no name (it has no subject alternative names)"];
        }

        X509SubjectAlternativeNameExtension names = new(extension.RawData);
        IEnumerable<string> addresses = names
            .EnumerateIPAddresses()
            .Select(static (IPAddress address) => address.ToString());
        return [.. names.EnumerateDnsNames(), .. addresses];
    }
}

/// <summary>One thing that is wrong with a server's certificate.</summary>
/// <param name="Fact">A phrase that follows "the server's certificate".</param>
/// <param name="Hint">
/// What to do, in a sentence; null if it depends on where the client's authorities are configured.
/// </param>
internal sealed record CertificateProblem(string Fact, string? Hint);
