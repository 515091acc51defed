using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Tls;
using EtcdBackupAgent.Testing.Certificates;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Tls;

public sealed class ServerCertificateTests : IDisposable
{
    private readonly TestCertificates _authority = new("Cluster CA");

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData("etcd-0.example.org")]
    [InlineData("any.wild.example.org")]
    [InlineData("10.1.2.3")]
    [InlineData("fd00::2")]
    public void A_name_or_an_address_among_its_alternative_names_matches(string host) =>
        Assert.Empty(Problems(_authority, _authority.AuthorityPem, host));

    [Theory]
    [InlineData("etcd-1.example.org")]
    [InlineData("10.1.2.4")]
    [InlineData("localhost")]
    public void Another_name_is_a_mismatch_and_the_message_lists_the_names(string host) =>
        Assert.Equal(
            [$"is not for '{host}' but for etcd-0.example.org, *.wild.example.org, 10.1.2.3, fd00::2"],
            Problems(_authority, _authority.AuthorityPem, host));

    [Fact]
    public void Another_authority_is_reported_with_the_issuer()
    {
        using TestCertificates other = new("Other CA");

        Assert.Equal(
            ["is not signed by the given CA (its issuer is 'CN=Cluster CA')"],
            Problems(_authority, other.AuthorityPem, "10.1.2.3"));
    }

    [Fact]
    public void Another_authority_of_the_same_name_is_reported_too()
    {
        using TestCertificates impostor = new("Cluster CA");

        Assert.Equal(
            ["is not signed by the given CA (its issuer is 'CN=Cluster CA')"],
            Problems(_authority, impostor.AuthorityPem, "10.1.2.3"));
    }

    [Fact]
    public void Without_a_given_authority_only_those_of_the_system_are_trusted() =>
        Assert.Equal(
            ["is not signed by a CA that this system trusts (its issuer is 'CN=Cluster CA')"],
            Problems(_authority, authoritiesPem: null, "10.1.2.3"));

    [Theory]
    [InlineData(TestValidity.Past, "expired on 20")]
    [InlineData(TestValidity.Future, "is not valid before 20")]
    public void Invalid_dates_are_reported_separately_from_the_issuer(TestValidity validity, string why) =>
        Assert.StartsWith(
            why,
            Assert.Single(Problems(_authority, _authority.AuthorityPem, "10.1.2.3", validity)),
            StringComparison.Ordinal);

    [Fact]
    public void All_problems_are_reported_at_once()
    {
        using TestCertificates other = new("Other CA");

        Assert.Equal(3, Problems(_authority, other.AuthorityPem, "10.9.9.9", TestValidity.Past).Count);
    }

    [Fact]
    public void An_intermediate_may_be_presented_by_the_server_or_be_trusted_itself()
    {
        using TestCertificates intermediate = _authority.Intermediate("Intermediate CA");

        Assert.Empty(
            Problems(intermediate, _authority.AuthorityPem, "10.1.2.3", presentedPem: intermediate.AuthorityPem));
        Assert.Empty(Problems(intermediate, intermediate.AuthorityPem, "10.1.2.3"));
        Assert.NotEmpty(Problems(intermediate, _authority.AuthorityPem, "10.1.2.3"));
    }

    [Fact]
    public void A_certificate_for_clients_only_is_refused()
    {
        TestCertificate client = _authority.Client("10.1.2.3");

        Assert.Contains(
            Problems(client, presentedPem: null, _authority.AuthorityPem, "10.1.2.3"),
            problem => problem.StartsWith("is not acceptable (NotValidForUsage)", StringComparison.Ordinal));
    }

    private static IReadOnlyList<string> Problems(
        TestCertificates issuer,
        string? authoritiesPem,
        string host,
        TestValidity validity = TestValidity.Now,
        string? presentedPem = null)
    {
        string[] hosts = ["etcd-0.example.org", "*.wild.example.org", "10.1.2.3", "fd00::2"];
        return Problems(issuer.Server(hosts, validity: validity), presentedPem, authoritiesPem, host);
    }

    private static IReadOnlyList<string> Problems(
        TestCertificate server, string? presentedPem, string? authoritiesPem, string host)
    {
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(server.CertificatePem);
        return
        [
            .. ServerCertificate.Problems(
                    certificate,
                    Read(presentedPem) ?? [],
                    Read(authoritiesPem),
                    host,
                    TimeProvider.System.GetUtcNow())
                .Select(problem => problem.Fact),
        ];
    }

    private static X509Certificate2Collection? Read(string? pem)
    {
        if (pem is null)
        {
            return null;
        }

        X509Certificate2Collection certificates = [];
        certificates.ImportFromPem(pem);
        return certificates;
    }
}
