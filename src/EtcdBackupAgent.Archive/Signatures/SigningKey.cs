using System.Security.Cryptography;

namespace EtcdBackupAgent.Archive.Signatures;

/// <summary>
/// The private key that the agent signs with: ECDSA on P-256, in PEM (PKCS #8, or SEC 1 as OpenSSL writes it).
/// </summary>
public sealed class SigningKey : IDisposable
{
    private readonly ECDsa _key;

    private SigningKey(ECDsa key)
    {
        _key = key;
        PublicKey = SshPublicKey.Of(key);
    }

    /// <summary>The key that its signatures are checked with.</summary>
    public SshPublicKey PublicKey { get; }

    /// <summary>Makes a new key.</summary>
    public static SigningKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <exception cref="SignatureException">The text is not such a key; the message never contains it.</exception>
    public static SigningKey FromPem(ReadOnlySpan<char> pem)
    {
        if (pem.Contains("-----BEGIN OPENSSH PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new SignatureException(
                "is a key in the format of OpenSSH; 'ssh-keygen -p -m PKCS8 -f FILE' converts one of the type ecdsa");
        }

        if (pem.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new SignatureException("is encrypted; the agent signs without a user, so its key cannot be");
        }

        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return key.KeySize == 256 && key.ExportParameters(includePrivateParameters: true) is { D: not null } own
                && Wipe(own) && own.Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value
                ? new SigningKey(key)
                : throw new SignatureException("is not a private key of ECDSA on the curve P-256");
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new SignatureException("is not a private key of ECDSA on the curve P-256, in PEM", e);
        }
        catch (SignatureException)
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>Returns the key in PKCS #8, which <c>ssh-keygen</c> and <c>openssl</c> read.</summary>
    public string ToPem() => _key.ExportPkcs8PrivateKeyPem() + "\n";

    public void Dispose() => _key.Dispose();

    /// <summary>Signs bytes, in SSH's encoding of such a signature (RFC 5656, section 3.1.2).</summary>
    internal byte[] Sign(ReadOnlySpan<byte> bytes)
    {
        byte[] raw = _key.SignData(
            bytes, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        ReadOnlySpan<byte> both = raw;
        return new SshWriter()
            .Text(SshPublicKey.EcdsaType)
            .Text(new SshWriter().Integer(both[..(raw.Length / 2)]).Integer(both[(raw.Length / 2)..]).ToArray())
            .ToArray();
    }

    private static bool Wipe(ECParameters parameters)
    {
        CryptographicOperations.ZeroMemory(parameters.D);
        return true;
    }
}
