using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EtcdBackupAgent.Core.Tls;

/// <summary>
/// The common name of the algorithm of a certificate's key or of a private key. For an algorithm that is not listed, it
/// is the object identifier.
/// </summary>
internal static class KeyAlgorithm
{
    public const string Rsa = "RSA";
    public const string Ecdsa = "ECDSA";

    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["1.2.840.113549.1.1.1"] = Rsa,
        ["1.2.840.113549.1.1.10"] = "RSASSA-PSS",
        ["1.2.840.10045.2.1"] = Ecdsa,
        ["1.2.840.10040.4.1"] = "DSA",
        ["1.3.101.110"] = "X25519",
        ["1.3.101.112"] = "Ed25519",
        ["1.3.101.113"] = "Ed448",
    };

    public static string Of(X509Certificate2 certificate) => Name(certificate.GetKeyAlgorithm());

    /// <summary>
    /// Returns the algorithm of the first private key in a PEM text; null if the text does not contain it.
    /// </summary>
    public static string? OfPrivateKey(string pem)
    {
        ReadOnlySpan<char> rest = pem;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            switch (rest[fields.Label])
            {
                case "RSA PRIVATE KEY":
                    return Rsa;
                case "EC PRIVATE KEY":
                    return Ecdsa;
                case "DSA PRIVATE KEY":
                    return "DSA";
                case "OPENSSH PRIVATE KEY":
                    return "OpenSSH";
                case "PRIVATE KEY":
                    return OfPkcs8(Convert.FromBase64String(rest[fields.Base64Data].ToString()));
                default:
                    rest = rest[fields.Location.End..];
                    break;
            }
        }

        return null;
    }

    /// <summary>
    /// PrivateKeyInfo ::= SEQUENCE { version INTEGER, SEQUENCE { algorithm OBJECT IDENTIFIER, … }, … } (RFC 5208,
    /// section 5).
    /// </summary>
    private static string? OfPkcs8(byte[] der)
    {
        try
        {
            AsnReader info = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
            _ = info.ReadInteger();
            return Name(info.ReadSequence().ReadObjectIdentifier());
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private static string Name(string oid) => Names.GetValueOrDefault(oid, oid);
}
