using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage.Dialects;

/// <summary>A server that expects another region, endpoint or host reports it, and the message contains it.</summary>
[Collection(RgwTests.Name)]
public sealed class RegionTests(RgwFixture fixture)
{
    public static TheoryData<string, S3Answer, string[]> Answers => new()
    {
        {
            "AWS, another region's endpoint",
            new S3Answer(301, "PermanentRedirect")
            {
                Elements = "<Endpoint>b.s3.eu-central-1.amazonaws.com</Endpoint><Bucket>b</Bucket>",
                Headers = Headers("x-amz-bucket-region", "eu-central-1"),
            },
            ["region 'eu-central-1'", "endpoint b.s3.eu-central-1.amazonaws.com", "301 PermanentRedirect"]
        },
        {
            "AWS, signed for another region",
            new S3Answer(400, "AuthorizationHeaderMalformed") { Elements = "<Region>eu-central-1</Region>" },
            ["region 'eu-central-1'", "400 AuthorizationHeaderMalformed"]
        },
        {
            "MinIO, signed for another region",
            new S3Answer(400, "AuthorizationHeaderMalformed")
            {
                Message = "The authorization header is malformed; the region is wrong; expecting 'home'.",
            },
            ["region 'home'"]
        },
        {
            "A redirect by header alone",
            new S3Answer(308, "PermanentRedirect") { Headers = Headers("Location", "https://other.example:9000/b") },
            ["endpoint other.example:9000"]
        },
        {
            "A temporary one",
            new S3Answer(307, "TemporaryRedirect") { Elements = "<Endpoint>other.example</Endpoint>" },
            ["endpoint other.example", "307 TemporaryRedirect"]
        },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Region_and_endpoint_are_reported_with_the_settings_to_change(
        string server, S3Answer answer, string[] parts)
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        scene.Proxy.Answer = _ => Task.FromResult<S3Answer?>(answer);
        using S3ObjectStore store = new(scene.Options with { Region = "us-west-2" }, TimeProvider.System);

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => store.ListAsync("", CancellationToken.None).ToListAsync().AsTask());

        Assert.True(e.Reason == FailureReason.InvalidInput, $"{server}: {e}");
        Assert.All(
            [.. parts, "signed for the region 'us-west-2'", scene.Proxy.Endpoint.Authority],
            part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
        Assert.Equal(
            e.Message.Contains("endpoint ", StringComparison.Ordinal)
                ? [Setting.S3Region, Setting.S3Endpoint]
                : [Setting.S3Region],
            e.Settings);
    }

    [Fact]
    public async Task The_default_region_is_reported_if_none_is_given()
    {
        await using DialectScene scene = await DialectScene.CreateAsync(fixture);
        scene.Proxy.Answer = _ => Task.FromResult<S3Answer?>(new S3Answer(301, "PermanentRedirect"));

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => scene.Store.ListAsync("", CancellationToken.None).ToListAsync().AsTask());

        Assert.Contains("signed for the region 'us-east-1'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_the_bucket_in_the_host_the_requested_host_is_reported()
    {
        BackupException e = await FailAsync(new S3Options
        {
            BucketName = "backups",
            Endpoint = new Uri("https://s3.invalid"),
            PathStyle = false,
            Credentials = new S3Credentials { AccessKey = "a", SecretKey = "b" },
        });

        Assert.Contains("the name 'backups.s3.invalid' cannot be resolved", e.Message, StringComparison.Ordinal);
        Assert.Contains("pathStyle", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_without_the_buckets_host_is_reported()
    {
        using TestCertificates authority = new();
        await using TlsServer server = new(authority.Server(["localhost"]));

        BackupException e = await FailAsync(new S3Options
        {
            BucketName = "backups",
            Endpoint = server.Endpoint,
            PathStyle = false,
            CaCertificatePem = authority.AuthorityPem,
            Credentials = new S3Credentials { AccessKey = "a", SecretKey = "b" },
        });

        Assert.Equal(FailureReason.StoreUnreachable, e.Reason);
        Assert.Contains("backups.localhost", e.Message + e.Hint, StringComparison.Ordinal);
        Assert.Contains("pathStyle", e.Hint, StringComparison.Ordinal);
    }

    private static async Task<BackupException> FailAsync(S3Options options)
    {
        using S3ObjectStore store = new(options, TimeProvider.System);
        return await Assert.ThrowsAsync<BackupException>(
            () => store.ListAsync("", CancellationToken.None).ToListAsync().AsTask());
    }

    private static Dictionary<string, string> Headers(string name, string value) =>
        new(StringComparer.Ordinal) { [name] = value };
}
