using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EtcdBackupAgent.Testing.Certificates;

/// <summary>A certificate authority for one test, and the certificates that it issues.</summary>
public sealed class TestCertificates : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const int RsaKeyBits = 2048;
    private const int SerialBytes = 8;

    private readonly X509Certificate2 _authority;

    public TestCertificates(string name = "Test CA")
        : this(SelfSigned(name))
    {
    }

    private TestCertificates(X509Certificate2 authority) => _authority = authority;

    /// <summary>The authority's own certificate.</summary>
    public string AuthorityPem => _authority.ExportCertificatePem();

    /// <summary>Creates an authority whose certificate this one signs.</summary>
    public TestCertificates Intermediate(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = Sign(Authority(name, key), TestValidity.Now);
        return new TestCertificates(certificate.CopyWithPrivateKey(key));
    }

    /// <summary>Issues a certificate for a server with these names and addresses. It is valid for a client too,
    /// because an etcd member also uses it to connect to others.</summary>
    public TestCertificate Server(
        IEnumerable<string> hosts, TestKey key = TestKey.EcdsaPkcs8, TestValidity validity = TestValidity.Now)
    {
        SubjectAlternativeNameBuilder names = new();
        foreach (string host in hosts)
        {
            if (IPAddress.TryParse(host, out IPAddress? address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return Issue("Test server", [ServerAuthentication, ClientAuthentication], names.Build(), key, validity);
    }

    /// <summary>Issues a certificate for a client. Its common name is the user in etcd and Kubernetes; its organization
    /// is the user's group in Kubernetes.</summary>
    public TestCertificate Client(
        string commonName,
        TestKey key = TestKey.EcdsaPkcs8,
        TestValidity validity = TestValidity.Now,
        string? organization = null) =>
        Issue(
            organization is null ? commonName : $"{commonName}, O={organization}",
            [ClientAuthentication],
            names: null,
            key,
            validity);

    public void Dispose() => _authority.Dispose();

    private static X509Certificate2 SelfSigned(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        (DateTimeOffset from, DateTimeOffset to) = Period(TestValidity.Now);
        return Authority(name, key).CreateSelfSigned(from, to);
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority());
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }

    private static (DateTimeOffset From, DateTimeOffset To) Period(TestValidity validity)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return validity switch
        {
            TestValidity.Past => (now.AddHours(-2), now.AddHours(-1)),
            TestValidity.Future => (now.AddHours(1), now.AddHours(2)),
            _ => (now.AddHours(-2), now.AddDays(1)),
        };
    }

    private TestCertificate Issue(
        string commonName, string[] usages, X509Extension? names, TestKey key, TestValidity validity)
    {
        using AsymmetricAlgorithm? pair = CreateKeyPair(key);
        CertificateRequest request = pair switch
        {
            RSA rsa => new CertificateRequest(
                $"CN={commonName}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            ECDsa ecdsa => new CertificateRequest($"CN={commonName}", ecdsa, HashAlgorithmName.SHA256),
            _ => new CertificateRequest(
                new X500DistinguishedName($"CN={commonName}"), TestEd25519.PublicKey, HashAlgorithmName.SHA256),
        };
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([.. usages.Select(usage => new Oid(usage))], critical: false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        using X509Certificate2 certificate = Sign(request, validity);
        return new TestCertificate(
            certificate.ExportCertificatePem(), pair is null ? TestEd25519.KeyPem : KeyPem(pair, key));
    }

    /// <summary>Null for Ed25519, because .NET cannot generate such a key.</summary>
    private static AsymmetricAlgorithm? CreateKeyPair(TestKey key) => key switch
    {
        TestKey.RsaPkcs1 or TestKey.RsaPkcs8 => RSA.Create(RsaKeyBits),
        TestKey.EcdsaP384 => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        TestKey.EcdsaP521 => ECDsa.Create(ECCurve.NamedCurves.nistP521),
        TestKey.EcdsaSecp256k1 => ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10")),
        TestKey.Ed25519 => null,
        _ => ECDsa.Create(ECCurve.NamedCurves.nistP256),
    };

    private X509Certificate2 Sign(CertificateRequest request, TestValidity validity)
    {
        (DateTimeOffset from, DateTimeOffset to) = Period(validity);
        byte[] serial = RandomNumberGenerator.GetBytes(SerialBytes);
        // A serial number is a positive integer (RFC 5280, section 4.1.2.2).
        serial[0] &= 0x7F;
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            _authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using ECDsa key = _authority.GetECDsaPrivateKey()!;
        return request.Create(_authority.SubjectName, X509SignatureGenerator.CreateForECDsa(key), from, to, serial);
    }

    private static string KeyPem(AsymmetricAlgorithm pair, TestKey key) => key switch
    {
        TestKey.EcdsaSec1 => ((ECDsa)pair).ExportECPrivateKeyPem(),
        TestKey.RsaPkcs1 => ((RSA)pair).ExportRSAPrivateKeyPem(),
        _ => pair.ExportPkcs8PrivateKeyPem(),
    };
}
