using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Storage.S3;
using Xunit;

namespace EtcdBackupAgent.Tests.Storage.S3;

public sealed class S3OptionsTests
{
    private static readonly S3Options Good = new()
    {
        BucketName = "bucket",
        Endpoint = new Uri("https://s3.example:9000"),
        Credentials =
            new S3Credentials { AccessKey = "AKIA1", SecretKey = "very-secret", SessionToken = "token-secret" },
    };

    [Theory]
    [InlineData("", "s3://bucket at https://s3.example:9000")]
    [InlineData("a/b", "s3://bucket/a/b at https://s3.example:9000")]
    [InlineData("/a/b/", "s3://bucket/a/b at https://s3.example:9000")]
    public void The_address_contains_bucket_prefix_and_server(string prefix, string address)
    {
        using S3ObjectStore store = new(Good with { Prefix = prefix }, TimeProvider.System);

        Assert.Equal(address, store.Address);
    }

    [Fact]
    public void The_address_of_AWS_contains_the_region()
    {
        using S3ObjectStore store = new(Good with { Endpoint = null, Region = "eu-central-1" }, TimeProvider.System);

        Assert.Equal("s3://bucket at AWS eu-central-1", store.Address);
    }

    [Fact]
    public void Secrets_are_not_printed()
    {
        string printed = Good.ToString();

        Assert.Contains("AKIA1", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", printed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "https://s3.example", "bucket name ''")]
    [InlineData("a/b", "", "https://s3.example", "'a/b'")]
    [InlineData("bucket", "a b", "https://s3.example", "'a b'")]
    [InlineData("bucket", "a//b", "https://s3.example", "'a//b'")]
    [InlineData("bucket", "", "ftp://s3.example", "'ftp://s3.example/'")]
    [InlineData("bucket", "", "s3.example", "'s3.example'")]
    public void Invalid_settings_are_refused_with_their_value(
        string bucket, string prefix, string endpoint, string part)
    {
        S3Options options = new()
        {
            BucketName = bucket,
            Prefix = prefix,
            Endpoint = new Uri(endpoint, UriKind.RelativeOrAbsolute),
        };

        BackupException e = Assert.Throws<BackupException>(() => new S3ObjectStore(options, TimeProvider.System));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "s3.example")]
    [InlineData(false, "bucket.s3.example")]
    public void The_host_is_the_one_that_receives_the_requests(bool pathStyle, string host) =>
        Assert.Equal(host, (Good with { PathStyle = pathStyle }).Host);

    [Fact]
    public void An_invalid_region_is_refused_with_its_value()
    {
        BackupException e = Assert.Throws<BackupException>(
            () => new S3ObjectStore(Good with { Region = "eu central" }, TimeProvider.System));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains("'eu central'", e.Message, StringComparison.Ordinal);
        Assert.Equal([Setting.S3Region], e.Settings);
    }

    [Theory]
    [InlineData("no certificate at all")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    public void An_invalid_CA_certificate_is_refused(string pem)
    {
        BackupException e = Assert.Throws<BackupException>(
            () => new S3ObjectStore(Good with { CaCertificatePem = pem }, TimeProvider.System));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
    }
}
