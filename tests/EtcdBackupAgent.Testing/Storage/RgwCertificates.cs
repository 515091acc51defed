using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EtcdBackupAgent.Testing.Storage;

internal sealed class RgwCertificates
{
    public RgwCertificates()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using ECDsa caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest ca = new("CN=Test S3 CA", caKey, HashAlgorithmName.SHA256);
        ca.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 authority = ca.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));

        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest server = new("CN=localhost", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        server.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = server.Create(authority, now.AddDays(-1), now.AddDays(20), [1, 2, 3, 4]);
        CaCertificatePem = authority.ExportCertificatePem();
        CertificatePem = certificate.ExportCertificatePem();
        KeyPem = key.ExportPkcs8PrivateKeyPem();
    }

    public string CaCertificatePem { get; }

    public string CertificatePem { get; }

    public string KeyPem { get; }
}
