using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd;

public sealed class EtcdConnectionTests : IDisposable
{
    private readonly TestCertificates _authority = new("Test CA");
    private readonly TestDirectory _directory = new();

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(TestKey.EcdsaPkcs8, "BEGIN PRIVATE KEY")]
    [InlineData(TestKey.EcdsaSec1, "BEGIN EC PRIVATE KEY")]
    [InlineData(TestKey.RsaPkcs8, "BEGIN PRIVATE KEY")]
    [InlineData(TestKey.RsaPkcs1, "BEGIN RSA PRIVATE KEY")]
    [InlineData(TestKey.EcdsaP384, "BEGIN PRIVATE KEY")]
    [InlineData(TestKey.EcdsaP521, "BEGIN PRIVATE KEY")]
    public void Every_form_of_key_is_read(TestKey key, string label)
    {
        TestCertificate client = _authority.Client("backup", key);

        Assert.Contains(label, client.KeyPem, StringComparison.Ordinal);
        Validate(Connection(client.CertificatePem, client.KeyPem));
    }

    [Fact]
    public void A_key_after_the_parameters_that_openssl_writes_is_read()
    {
        TestCertificate client = _authority.Client("backup", TestKey.EcdsaSec1);
        const string Parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";

        Validate(Connection(client.CertificatePem, Parameters + client.KeyPem));
    }

    [Theory]
    [InlineData(TestKey.EcdsaPkcs8, TestKey.EcdsaPkcs8, "")]
    [InlineData(TestKey.EcdsaPkcs8, TestKey.EcdsaP384, "")]
    [InlineData(TestKey.EcdsaPkcs8, TestKey.RsaPkcs8, "RSA, that of the certificate ECDSA")]
    [InlineData(TestKey.RsaPkcs1, TestKey.RsaPkcs1, "")]
    [InlineData(TestKey.RsaPkcs1, TestKey.EcdsaSec1, "ECDSA, that of the certificate RSA")]
    [InlineData(TestKey.RsaPkcs1, TestKey.Ed25519, "Ed25519, that of the certificate RSA")]
    public void A_key_of_another_certificate_is_refused(TestKey certificate, TestKey key, string why)
    {
        BackupException e = Refused(Connection(
            _authority.Client("backup", certificate).CertificatePem, _authority.Client("other", key).KeyPem));

        string also = why.Length == 0 ? "" : $": the algorithm of the key is {why}";
        Assert.Equal(
            $"The etcd client key does not belong to the client certificate 'CN=backup'{also}.", e.Message);
    }

    [Theory]
    [InlineData(TestKey.Ed25519, "Ed25519")]
    [InlineData(TestKey.EcdsaSecp256k1, "ECDSA on the curve secP256k1")]
    public void A_matching_pair_with_an_unusable_algorithm_is_reported_with_the_algorithm(TestKey key, string what)
    {
        TestCertificate client = _authority.Client("backup", key);

        BackupException e = Refused(Connection(client.CertificatePem, client.KeyPem));

        Assert.Equal(
            $"The etcd client certificate 'CN=backup' has a key of the algorithm {what}, which this program cannot use "
            + "for TLS.", e.Message);
        Assert.Equal(
            "Issue a client certificate with a key of RSA, or of ECDSA on the curve P-256, P-384 or P-521.", e.Hint);
    }

    [Fact]
    public void A_damaged_key_and_two_keys_are_refused()
    {
        TestCertificate client = _authority.Client("backup", TestKey.EcdsaSec1);
        const string Damaged = "-----BEGIN EC PRIVATE KEY-----\nMHQCAQEE\n-----END EC PRIVATE KEY-----\n";

        Assert.Equal(
            "The etcd client key is damaged: it cannot be read as an ECDSA key.",
            Refused(Connection(client.CertificatePem, Damaged)).Message);
        Assert.Equal(
            "The etcd client key contains 2 private keys, but exactly one is expected.",
            Refused(Connection(client.CertificatePem, $"{client.KeyPem}\n{Damaged}")).Message);
    }

    [Theory]
    [InlineData(TestValidity.Past, "expired on ")]
    [InlineData(TestValidity.Future, "is not valid before ")]
    public void An_expired_or_not_yet_valid_certificate_is_refused_with_the_date(TestValidity validity, string why)
    {
        TestCertificate client = _authority.Client("backup", validity: validity);

        BackupException e = Refused(Connection(client.CertificatePem, client.KeyPem));

        Assert.StartsWith($"The etcd client certificate 'CN=backup' {why}20", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pem_of_the_wrong_kind_is_refused_with_its_labels()
    {
        TestCertificate client = _authority.Client("backup");

        Assert.Equal(
            "Found no certificate in the etcd client certificate, but PRIVATE KEY.",
            Refused(Connection(client.KeyPem, client.KeyPem)).Message);
        Assert.Equal(
            "The etcd client key contains no private key, but CERTIFICATE.",
            Refused(Connection(client.CertificatePem, client.CertificatePem)).Message);
        Assert.Equal(
            "Found no PEM block in the etcd CA certificates.",
            Refused(Connection(client.CertificatePem, client.KeyPem) with { CaCertificatesPem = "not PEM" }).Message);
    }

    [Fact]
    public void An_encrypted_key_is_refused()
    {
        TestCertificate client = _authority.Client("backup");
        string encrypted = client.KeyPem.Replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY", StringComparison.Ordinal);

        Assert.Contains(
            "is encrypted with a passphrase",
            Refused(Connection(client.CertificatePem, encrypted)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Half_of_a_pair_is_refused()
    {
        TestCertificate client = _authority.Client("backup");

        Assert.Contains(
            "without its key",
            Refused(Connection(client.CertificatePem, null)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "without its certificate",
            Refused(Connection(null, client.KeyPem)).Message,
            StringComparison.Ordinal);
        Assert.Equal(
            "The etcd user 'root' is given without a password.",
            Refused(Connection(null, null) with { User = "root" }).Message);
        BackupException both = Refused(Connection(null, null) with { User = "root:s3cret" });
        Assert.Equal("The etcd user 'root:…' is given without a password.", both.Message);
        Assert.Contains("give only the name ('root')", both.Hint, StringComparison.Ordinal);
        Assert.Equal(
            "An etcd password is given without a user.",
            Refused(Connection(null, null) with { Password = "s3cret" }).Message);
    }

    [Fact]
    public void A_server_name_that_no_certificate_can_have_is_refused() =>
        Assert.Equal(
            "The etcd server name 'not a name' is neither a host name nor an address.",
            Refused(Connection(null, null) with { ServerName = "not a name" }).Message);

    [Fact]
    public void A_timeout_of_zero_is_refused() =>
        Assert.Equal(
            "The etcd no-progress timeout of 00:00:00 is not above zero.",
            Refused(Connection(null, null) with { NoProgressTimeout = TimeSpan.Zero }).Message);

    [Fact]
    public void Its_text_form_shows_the_endpoints_and_no_secret()
    {
        TestCertificate client = _authority.Client("backup");
        EtcdConnection connection =
            Connection(client.CertificatePem, client.KeyPem) with { User = "root", Password = "s3cret" };

        Assert.Equal("https://127.0.0.1:2379", $"{connection}");
    }

    [Fact]
    public async Task Files_are_read_and_unreadable_files_are_named()
    {
        TestCertificate client = _authority.Client("backup");
        TestCertificateFiles files = client.WriteTo(_directory.Path, "client");
        EtcdConnection empty = Connection(null, null);

        EtcdConnection read = await empty.WithFilesAsync(null, files.Certificate, files.Key, CancellationToken.None);

        Assert.Equal(client, new TestCertificate(read.ClientCertificatePem!, read.ClientKeyPem!));
        Assert.Equal(
            $"The file '{_directory["absent"]}' with etcd's CA certificates cannot be read: it does not exist.",
            (await FileRefusedAsync(empty, _directory["absent"])).Message);
        Assert.Equal(
            $"The file '{_directory.Path}' with etcd's CA certificates cannot be read: it is a directory.",
            (await FileRefusedAsync(empty, _directory.Path)).Message);
    }

    private static async Task<BackupException> FileRefusedAsync(EtcdConnection connection, string caFile) =>
        await Assert.ThrowsAsync<BackupException>(
            () => connection.WithFilesAsync(caFile, null, null, CancellationToken.None));

    private static EtcdConnection Connection(string? certificate, string? key) => new()
    {
        Endpoints = EtcdEndpoints.Parse("https://127.0.0.1:2379"),
        ClientCertificatePem = certificate,
        ClientKeyPem = key,
    };

    private static void Validate(EtcdConnection connection) => connection.Validate(TimeProvider.System.GetUtcNow());

    private static BackupException Refused(EtcdConnection connection)
    {
        BackupException e = Assert.Throws<BackupException>(() => Validate(connection));
        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        return e;
    }
}
