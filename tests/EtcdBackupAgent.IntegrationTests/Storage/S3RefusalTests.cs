using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>Every wrong setting of a store is reported with its cause, and never with the secret.</summary>
[Collection(RgwTests.Name)]
public sealed class S3RefusalTests(RgwFixture fixture)
{
    private readonly S3Options _options = fixture.Options();

    [Fact]
    public async Task A_wrong_access_key_is_reported()
    {
        BackupException e = await FailAsync(WithKey("WRONGACCESSKEY", "wrong-secret"));

        Says(e, FailureReason.StoreDenied, "does not know the access key 'WRONGACCESSKEY'", "InvalidAccessKeyId");
        Assert.NotNull(e.Hint);
    }

    [Fact]
    public async Task A_wrong_secret_key_is_reported_and_not_printed()
    {
        BackupException e = await FailAsync(WithKey(fixture.Server.AccessKey, "wrong-secret"));

        Says(e, FailureReason.StoreDenied, "secret key does not match", "SignatureDoesNotMatch");
        Assert.DoesNotContain("wrong-secret", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_put_into_a_missing_bucket_reports_the_bucket_and_a_read_finds_nothing()
    {
        using S3ObjectStore store = Open(_options);

        BackupException put = await Assert.ThrowsAsync<BackupException>(() => PutAsync(store, "k", 10));
        BackupException putInParts = await Assert.ThrowsAsync<BackupException>(() => PutAsync(store, "k", 9 << 20));
        BackupException create = await Assert.ThrowsAsync<BackupException>(
            () => store.TryCreateAsync(new ObjectKey("k"), new byte[1], CancellationToken.None));
        BackupException read = await Assert.ThrowsAsync<BackupException>(
            () => store.OpenReadAsync(new ObjectKey("k"), null, CancellationToken.None));

        Assert.All(
            [put, putInParts, create],
            e => Says(
                e, FailureReason.StoreFailed, $"the bucket '{_options.BucketName}' does not exist", store.Address));
        Says(read, FailureReason.ObjectNotFound, "'k'", "the bucket does not exist either");
        Assert.Empty(await store.ListAsync("", CancellationToken.None).ToListAsync());
        Assert.Empty(await store.ListPendingUploadsAsync(CancellationToken.None).ToListAsync());
        await store.DeleteAsync([new ObjectKey("k")], CancellationToken.None);
    }

    [Fact]
    public async Task Another_users_bucket_is_refused_with_its_name()
    {
        using S3ObjectStore owner = Open(_options);
        await owner.EnsureCreatedAsync(CancellationToken.None);
        await PutAsync(owner, "k", 10);
        await fixture.Server.CreateUserAsync("stranger", "STRANGERACCESSKEY", "stranger-secret");
        using S3ObjectStore stranger = Open(WithKey("STRANGERACCESSKEY", "stranger-secret"));
        ObjectKey key = new("k");

        Func<Task>[] calls =
        [
            () => stranger.EnsureCreatedAsync(CancellationToken.None),
            () => PutAsync(stranger, "k", 10),
            () => PutAsync(stranger, "k", 9 << 20),
            () => stranger.TryCreateAsync(key, new byte[1], CancellationToken.None),
            () => stranger.OpenReadAsync(key, null, CancellationToken.None),
            () => stranger.ListAsync("", CancellationToken.None).ToListAsync().AsTask(),
            () => stranger.DeleteAsync([key], CancellationToken.None),
            () => stranger.ListPendingUploadsAsync(CancellationToken.None).ToListAsync().AsTask(),
        ];
        foreach (Func<Task> call in calls)
        {
            BackupException e = await Assert.ThrowsAsync<BackupException>(call);
            Says(e, FailureReason.StoreDenied, stranger.Address);
            Assert.DoesNotContain("stranger-secret", e.ToString(), StringComparison.Ordinal);
        }

        Assert.Single(await owner.ListAsync("", CancellationToken.None).ToListAsync());
    }

    [Fact]
    public async Task An_exhausted_quota_is_a_full_store()
    {
        await fixture.Server.CreateUserAsync("small", "SMALLACCESSKEY", "small-secret");
        await fixture.Server.AdministerAsync(
            "quota", "set", "--uid=small", "--quota-scope=user", "--max-size=1048576", "--max-objects=-1");
        await fixture.Server.AdministerAsync("quota", "enable", "--uid=small", "--quota-scope=user");
        using S3ObjectStore store = Open(WithKey("SMALLACCESSKEY", "small-secret"));
        await store.EnsureCreatedAsync(CancellationToken.None);

        Says(
            await Assert.ThrowsAsync<BackupException>(() => PutAsync(store, "k", 2 << 20)),
            FailureReason.StoreFull, "QuotaExceeded", "'k'");
        Says(
            await Assert.ThrowsAsync<BackupException>(() => PutAsync(store, "k", 20 << 20)),
            FailureReason.StoreFull, "QuotaExceeded", "'k'");
        Assert.Empty(await store.ListAsync("", CancellationToken.None).ToListAsync());
        Assert.Empty(await store.ListPendingUploadsAsync(CancellationToken.None).ToListAsync());
    }

    [Fact]
    public async Task A_server_with_an_unknown_CA_is_not_trusted()
    {
        using TestCertificates other = new("Another CA");

        BackupException ofSystem = await FailAsync(_options with { CaCertificatePem = null });
        BackupException ofOther = await FailAsync(_options with { CaCertificatePem = other.AuthorityPem });

        // Where AWS_CA_BUNDLE is set, its CAs replace those of the system.
        Says(ofSystem, FailureReason.StoreUnreachable, "is not signed by ", "(its issuer is 'CN=Test S3 CA')");
        Says(ofOther, FailureReason.StoreUnreachable, "not signed by the given CA (its issuer is 'CN=Test S3 CA')");
        Assert.Equal([Setting.S3CaCertificate], ofOther.Settings);
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_not_trusted_and_its_names_are_reported()
    {
        using TestCertificates authority = new();
        await using TlsServer server = new(authority.Server(["s3.example", "192.0.2.7"]));

        BackupException e = await FailAsync(
            _options with { Endpoint = server.Endpoint, CaCertificatePem = authority.AuthorityPem });

        Says(e, FailureReason.StoreUnreachable, "is not for 'localhost' but for s3.example, 192.0.2.7");
    }

    [Fact]
    public async Task An_expired_certificate_is_not_trusted_and_its_time_is_reported()
    {
        using TestCertificates authority = new();
        await using TlsServer server = new(authority.Server(["localhost"], validity: TestValidity.Past));

        BackupException e = await FailAsync(
            _options with { Endpoint = server.Endpoint, CaCertificatePem = authority.AuthorityPem });

        Says(e, FailureReason.StoreUnreachable, "the server's certificate expired on 20");
    }

    [Fact]
    public async Task A_port_without_TLS_is_reported()
    {
        UriBuilder endpoint = new(fixture.Server.HttpsEndpoint) { Port = fixture.Server.HttpEndpoint.Port };

        BackupException e = await FailAsync(_options with { Endpoint = endpoint.Uri });

        Says(e, FailureReason.StoreUnreachable, "no TLS connection");
    }

    [Fact]
    public async Task An_unknown_host_name_is_reported()
    {
        BackupException e = await FailAsync(_options with { Endpoint = new Uri("https://s3.invalid:9000") });

        Says(e, FailureReason.StoreUnreachable, "'s3.invalid' cannot be resolved");
    }

    [Fact]
    public async Task A_refused_connection_is_reported_with_the_server()
    {
        int port = FreePort.Take();

        BackupException e = await FailAsync(_options with { Endpoint = new Uri($"http://127.0.0.1:{port}") });

        Says(e, FailureReason.StoreUnreachable, $"127.0.0.1:{port} refused the connection");
    }

    [Fact]
    public async Task The_bundle_of_the_AWS_programs_is_trusted_when_no_CA_is_given()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, fixture.Server.CaCertificatePem);
        Environment.SetEnvironmentVariable("AWS_CA_BUNDLE", file);
        try
        {
            using S3ObjectStore store = Open(_options with { CaCertificatePem = null });
            await store.EnsureCreatedAsync(CancellationToken.None);

            Assert.Empty(await store.ListAsync("", CancellationToken.None).ToListAsync());
        }
        finally
        {
            Environment.SetEnvironmentVariable("AWS_CA_BUNDLE", null);
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Credentials_come_from_the_environment_when_none_are_given()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", fixture.Server.AccessKey);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", fixture.Server.SecretKey);
        try
        {
            using S3ObjectStore store = Open(_options with { Credentials = null });
            await store.EnsureCreatedAsync(CancellationToken.None);

            Assert.Equal(10, await PutAsync(store, "k", 10));
        }
        finally
        {
            Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", null);
            Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", null);
        }
    }

    private static S3ObjectStore Open(S3Options options) => new(options, TimeProvider.System);

    private static Task<long> PutAsync(S3ObjectStore store, string key, long length) =>
        store.PutAsync(new ObjectKey(key), new PatternStream(length), CancellationToken.None);

    private static async Task<BackupException> FailAsync(S3Options options)
    {
        using S3ObjectStore store = Open(options);
        return await Assert.ThrowsAsync<BackupException>(() => store.EnsureCreatedAsync(CancellationToken.None));
    }

    private static void Says(BackupException e, FailureReason reason, params string[] parts)
    {
        Assert.All(parts, part => Assert.True(
            e.Message.Contains(part, StringComparison.Ordinal), $"'{part}' is not in: {e.Message}"));
        Assert.True(reason == e.Reason, $"{e.Reason} and not {reason}: {e.Message}");
    }

    private S3Options WithKey(string accessKey, string secretKey) =>
        _options with { Credentials = new S3Credentials { AccessKey = accessKey, SecretKey = secretKey } };
}
