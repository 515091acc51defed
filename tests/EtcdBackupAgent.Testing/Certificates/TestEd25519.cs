using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EtcdBackupAgent.Testing.Certificates;

/// <summary>The key pair of RFC 8032, section 7.1, test 1. .NET cannot generate one itself.</summary>
internal static class TestEd25519
{
    /// <summary>The PrivateKeyInfo of RFC 8410, section 7, up to the 32 bytes of the key.</summary>
    private const string Pkcs8Start = "302e020100300506032b657004220420";

    private const string Seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    private const string Public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    public static PublicKey PublicKey =>
        new(new Oid("1.3.101.112"), null, new AsnEncodedData(Convert.FromHexString(Public)));

    public static string KeyPem => PemEncoding.WriteString("PRIVATE KEY", Convert.FromHexString(Pkcs8Start + Seed));
}
