using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Tls;
using EtcdBackupAgent.Testing.Certificates;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Tls;

public sealed class ServerTrustTests : IDisposable
{
    private const string AuthorityHint = "Check the CA certificates.";

    private readonly TestCertificates _authority = new("Cluster CA");

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void A_valid_certificate_is_accepted() => Assert.Null(Check(_authority, "etcd-0", TestValidity.Now));

    [Fact]
    public void A_refusal_lists_all_problems_and_one_hint_for_each()
    {
        using TestCertificates other = new("Other CA");

        UntrustedServerException? refusal = Check(other, "etcd-1", TestValidity.Past);

        Assert.NotNull(refusal);
        Assert.Matches(
            "^the server's certificate expired on 20[^;]*; it is not signed by the given CA "
            + "\\(its issuer is 'CN=Other CA'\\); it is not for 'etcd-1' but for etcd-0$",
            refusal.Message);
        Assert.Equal(
            "Renew the certificate, or correct the clock of this machine. Check the CA certificates. "
            + "Use one of the certificate's names in the address, or issue a certificate for the name in use.",
            refusal.Hint);
    }

    [Fact]
    public void A_server_without_a_certificate_is_refused() => Assert.Equal(
        "the server presented no certificate",
        new ServerTrust(authorities: null, AuthorityHint, TimeProvider.System)
            .Check(certificate: null, chain: null, "etcd-0")?.Message);

    private UntrustedServerException? Check(TestCertificates issuer, string host, TestValidity validity)
    {
        using X509Certificate2 certificate =
            X509Certificate2.CreateFromPem(issuer.Server(["etcd-0"], validity: validity).CertificatePem);
        return new ServerTrust(
            PemCertificates.Read("the CA certificates", _authority.AuthorityPem), AuthorityHint, TimeProvider.System)
            .Check(certificate, chain: null, host);
    }
}
