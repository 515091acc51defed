using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Archive.Signatures;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Signatures;

public sealed class SshSignatureTests : IDisposable
{
    private const string Namespace = "etcd-backup-agent-manifest";

    /// <summary>A key that ssh-keygen made, and its fingerprint.</summary>
    private const string OwnerKey =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMaxLOzzimRiMCAsnt/XMyGKm/YP3Wfbfg3ZhcjOasTf";

    private const string OwnerFingerprint = "SHA256:JEBXF01UBGvCVbNTtro4TQLRy5ICIYAcY2nAFB8V6cg";

    private readonly SigningKey _key = SigningKey.Create();
    private readonly byte[] _document = Encoding.UTF8.GetBytes("document");

    [Fact]
    public void A_fingerprint_is_that_of_ssh_keygen() =>
        Assert.Equal(OwnerFingerprint, SshPublicKey.Parse($"{OwnerKey} owner@host").Fingerprint);

    [Fact]
    public void A_key_survives_its_text_and_its_PEM()
    {
        using SigningKey read = SigningKey.FromPem(_key.ToPem());

        Assert.Equal(_key.PublicKey, read.PublicKey);
        Assert.Equal(_key.PublicKey, SshPublicKey.Parse($"{_key.PublicKey} with a comment"));
        Assert.True(SshSignature.Read(SshSignature.Sign(read, Namespace, _document)).Verifies(Namespace, _document));
    }

    [Fact]
    public void Every_changed_byte_of_a_signature_is_refused()
    {
        string armored = Encoding.ASCII.GetString(SshSignature.Sign(_key, Namespace, _document));
        string[] lines = armored.TrimEnd('\n').Split('\n');
        byte[] blob = Convert.FromBase64String(string.Concat(lines[1..^1]));
        for (int i = 0; i < blob.Length; i++)
        {
            byte[] changed = [.. blob];
            changed[i] ^= 1;

            Assert.False(Verifies(Armored(changed)), $"byte {i}");
        }

        Assert.True(Verifies(Armored(blob)));
        for (int length = 0; length < blob.Length; length++)
        {
            Assert.False(Verifies(Armored(blob[..length])), $"{length} bytes");
        }

        Assert.False(Verifies(Armored([.. blob, 0])));
    }

    [Theory]
    [InlineData("", "not a public key")]
    [InlineData("ssh-ed25519", "not a public key")]
    [InlineData("ssh-rsa AAAA", "type 'ssh-rsa'")]
    [InlineData("ssh-ed25519 AAAA", "truncated")]
    [InlineData("ssh-ed25519 %%%", "not base64")]
    [InlineData("ecdsa-sha2-nistp256 AAAAC3NzaC1lZDI1NTE5AAAAIMaxLOzzimRiMCAsnt/XMyGKm/YP3Wfbfg3ZhcjOasTf", "contains")]
    public void Text_that_is_no_public_key_is_refused_with_the_reason(string text, string reason)
    {
        SignatureException e = Assert.Throws<SignatureException>(() => SshPublicKey.Parse(text));

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.False(SshPublicKey.TryParse(text, out _));
    }

    [Fact]
    public void A_point_that_is_not_on_the_curve_is_refused()
    {
        string[] parts = $"{_key.PublicKey}".Split(' ');
        byte[] blob = Convert.FromBase64String(parts[1]);
        blob[^1] ^= 1;

        SignatureException e = Assert.Throws<SignatureException>(
            () => SshPublicKey.Parse($"{parts[0]} {Convert.ToBase64String(blob)}"));

        Assert.Contains("not on the curve", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_private_key_of_another_kind_is_refused_without_its_text()
    {
        using ECDsa p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using ECDsa p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using RSA rsa = RSA.Create(2048);
        string encrypted = p256.ExportEncryptedPkcs8PrivateKeyPem(
            "secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
        string publicOnly = p256.ExportSubjectPublicKeyInfoPem();
        foreach (string pem in new[]
        {
            p384.ExportPkcs8PrivateKeyPem(), rsa.ExportPkcs8PrivateKeyPem(), encrypted, publicOnly, "", "secret",
        })
        {
            SignatureException e = Assert.Throws<SignatureException>(() => SigningKey.FromPem(pem));

            Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
        }

        using SigningKey sec1 = SigningKey.FromPem(p256.ExportECPrivateKeyPem());
        Assert.Equal(SshPublicKeyOf(p256), $"{sec1.PublicKey}");
    }

    [Theory]
    [InlineData("# only a comment\n", "contains no key")]
    [InlineData("agent cert-authority KEY", "cert-authority")]
    [InlineData("agent surprise=1 KEY", "unknown option 'surprise'")]
    [InlineData("agent valid-before=\"tomorrow\" KEY", "the time 'tomorrow'")]
    [InlineData("agent namespaces=\"file KEY", "quotation mark")]
    [InlineData("agent ssh-rsa AAAA", "no key of the type")]
    public void A_list_of_signers_is_refused_with_the_line(string text, string reason)
    {
        string list = text.Replace("KEY", OwnerKey, StringComparison.Ordinal);

        SignatureException e = Assert.Throws<SignatureException>(() => AllowedSigners.Read(list));

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_of_public_keys_is_a_list_of_signers()
    {
        IReadOnlyList<AllowedSigner> signers =
            AllowedSigners.Read($"{OwnerKey} owner\r\n\n# agent\n{_key.PublicKey}\n");

        Assert.Equal([OwnerFingerprint, _key.PublicKey.Fingerprint], signers.Select(s => s.Key.Fingerprint));
        Assert.All(signers, signer => Assert.True(signer.Allows(Namespace, TimeProvider.System.GetUtcNow())));
    }

    public void Dispose() => _key.Dispose();

    private static string SshPublicKeyOf(ECDsa key)
    {
        using SigningKey same = SigningKey.FromPem(key.ExportPkcs8PrivateKeyPem());
        return $"{same.PublicKey}";
    }

    private static byte[] Armored(byte[] blob) => Encoding.ASCII.GetBytes(
        $"-----BEGIN SSH SIGNATURE-----\n{Convert.ToBase64String(blob)}\n-----END SSH SIGNATURE-----\n");

    private bool Verifies(byte[] armored)
    {
        try
        {
            return SshSignature.Read(armored).Verifies(Namespace, _document);
        }
        catch (SignatureException)
        {
            return false;
        }
    }
}
