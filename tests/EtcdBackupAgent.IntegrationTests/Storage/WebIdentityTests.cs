using System.Collections.Concurrent;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>
/// A store without its own keys. Its environment names a token file and a role, and a token service returns the key of
/// a real server.
/// </summary>
[Collection(RgwTests.Name)]
public sealed class WebIdentityTests(RgwFixture fixture) : IAsyncLifetime, IDisposable
{
    private static int _profiles;

    private readonly TestDirectory _directory = new();
    private readonly ConcurrentQueue<(string? Authorization, string? SessionToken)> _signed = [];

    private TokenServer Tokens { get; set; } = null!;

    private FaultyS3Proxy S3 { get; set; } = null!;

    public async Task InitializeAsync()
    {
        Tokens = await TokenServer.StartAsync(Issue("session-1", TimeSpan.FromHours(1)));
        S3 = await FaultyS3Proxy.StartAsync(fixture.Server.HttpEndpoint);
        S3.Answer = request =>
        {
            _signed.Enqueue((request.Headers.Authorization, request.Headers["x-amz-security-token"]));
            return Task.FromResult<S3Answer?>(null);
        };
        File.WriteAllText(_directory["token"], TokenServer.WebIdentityToken + "\n");
        Set(_directory["token"], TokenServer.RoleArn, Tokens.Endpoint);
    }

    public async Task DisposeAsync()
    {
        Set(null, null, null);
        await S3.DisposeAsync();
        await Tokens.DisposeAsync();
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Requests_are_signed_with_the_key_from_the_token_service()
    {
        using S3ObjectStore store = Open();

        await store.EnsureCreatedAsync(CancellationToken.None);
        await store.PutAsync(new ObjectKey("k"), new PatternStream(10), CancellationToken.None);

        Assert.Equal(10, (await store.ListAsync("", CancellationToken.None).SingleAsync()).SizeBytes);
        Assert.Empty(Tokens.Problems);
        Assert.Equal(1, Tokens.Calls);
        Assert.True(_signed.Count >= 3);
        Assert.All(_signed, request =>
        {
            Assert.Contains($"Credential={fixture.Server.AccessKey}/", request.Authorization, StringComparison.Ordinal);
            Assert.Equal("session-1", request.SessionToken);
        });
    }

    [Fact]
    public async Task Credentials_that_expire_soon_are_renewed()
    {
        Tokens.Issued = Issue("session-of-a-minute", TimeSpan.FromMinutes(1));
        using S3ObjectStore store = Open();
        await store.EnsureCreatedAsync(CancellationToken.None);

        Tokens.Issued = Issue("session-of-an-hour", TimeSpan.FromHours(1));

        await TestDeadline.UntilAsync("a request with the new credentials", async () =>
        {
            await store.EnsureCreatedAsync(CancellationToken.None);
            return _signed.Last().SessionToken == "session-of-an-hour";
        });
    }

    [Theory]
    [InlineData("ExpiredTokenException", "the web identity token has expired", "AWS_WEB_IDENTITY_TOKEN_FILE names")]
    [InlineData("InvalidIdentityToken", "does not accept the web identity token", "the token's issuer")]
    [InlineData("AccessDenied", $"refuses the role '{TokenServer.RoleArn}'", "trust policy")]
    [InlineData("MalformedPolicyDocument", "answered 400 MalformedPolicyDocument", "AWS_ENDPOINT_URL_STS")]
    public async Task An_error_of_the_token_service_is_reported_at_once_with_a_hint(
        string code, string fact, string hint)
    {
        Tokens.Refusal = TokenServer.Error(400, code, "The test simulates this error.");

        BackupException e = await FailAsync();

        Assert.Equal(FailureReason.StoreDenied, e.Reason);
        Assert.Contains(fact, e.Message, StringComparison.Ordinal);
        Assert.Contains(Tokens.Endpoint.GetLeftPart(UriPartial.Authority), e.Message, StringComparison.Ordinal);
        Assert.Contains(code, e.Message, StringComparison.Ordinal);
        Assert.Contains("The test simulates this error.", e.Message, StringComparison.Ordinal);
        Assert.Contains(hint, e.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain(TokenServer.WebIdentityToken, e.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, Tokens.Calls);
        Assert.Empty(_signed);
    }

    [Fact]
    public async Task Another_role_and_another_token_are_rejected()
    {
        Set(_directory["token"], TokenServer.RoleArn + "-of-others", Tokens.Endpoint);
        BackupException role = await FailAsync();
        File.WriteAllText(_directory["other"], "another-token");
        Set(_directory["other"], TokenServer.RoleArn, Tokens.Endpoint);
        BackupException token = await FailAsync();

        Assert.Contains("refuses the role", role.Message, StringComparison.Ordinal);
        Assert.Contains("does not accept the web identity token", token.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_call_to_the_token_service_is_retried()
    {
        Tokens.Refusal = TokenServer.Error(503, "ServiceUnavailable", "Later.");
        using S3ObjectStore store = Open();
        Task created = store.EnsureCreatedAsync(CancellationToken.None);
        await TestDeadline.UntilAsync("the first call", () => Task.FromResult(Tokens.Calls >= 1));
        Tokens.Refusal = null;

        await created;

        Assert.True(Tokens.Calls >= 2);
    }

    [Fact]
    public async Task A_missing_token_file_is_reported_with_its_path_and_the_variable()
    {
        Set(_directory["absent"], TokenServer.RoleArn, Tokens.Endpoint);

        BackupException e = await FailAsync();

        Assert.Equal(FailureReason.StoreDenied, e.Reason);
        Assert.Contains("the web identity token cannot be read", e.Message, StringComparison.Ordinal);
        Assert.Contains(_directory["absent"], e.Message, StringComparison.Ordinal);
        Assert.Contains("AWS_WEB_IDENTITY_TOKEN_FILE", e.Hint, StringComparison.Ordinal);
        Assert.Equal(0, Tokens.Calls);
    }

    [Fact]
    public async Task Credentials_that_are_already_expired_are_an_error()
    {
        Tokens.Issued = Issue("session-of-yesterday", TimeSpan.FromDays(-1));

        BackupException e = await FailAsync();

        Assert.Equal(FailureReason.StoreDenied, e.Reason);
        Assert.Contains("credentials that had expired at ", e.Message, StringComparison.Ordinal);
        Assert.Contains("clocks", e.Hint, StringComparison.Ordinal);
        Assert.Empty(_signed);
    }

    [Fact]
    public async Task An_expired_session_token_is_reported_with_the_error_of_the_store()
    {
        S3.Answer = _ => Task.FromResult<S3Answer?>(new S3Answer(400, "ExpiredToken"));

        BackupException e = await FailAsync();

        Assert.Equal(FailureReason.StoreDenied, e.Reason);
        Assert.Contains("the session token is not valid (ExpiredToken)", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
    }

    [Fact]
    public async Task An_unreachable_token_service_is_reported_with_its_URL()
    {
        await Tokens.DisposeAsync();

        BackupException e = await FailAsync();

        Assert.Equal(FailureReason.StoreUnreachable, e.Reason);
        Assert.Contains(
            $"the token service at {Tokens.Endpoint.GetLeftPart(UriPartial.Authority)} cannot be reached",
            e.Message,
            StringComparison.Ordinal);
        Assert.Contains("AWS_ENDPOINT_URL_STS", e.Hint, StringComparison.Ordinal);
    }

    private IssuedCredentials Issue(string session, TimeSpan life) => new(
        fixture.Server.AccessKey, fixture.Server.SecretKey, session, TimeProvider.System.GetUtcNow() + life);

    private S3ObjectStore Open() => new(
        fixture.Options() with { Endpoint = S3.Endpoint, CaCertificatePem = null, Credentials = null },
        TimeProvider.System);

    private async Task<BackupException> FailAsync()
    {
        using S3ObjectStore store = Open();
        return await Assert.ThrowsAsync<BackupException>(() => store.EnsureCreatedAsync(CancellationToken.None));
    }

    private static void Set(string? tokenFile, string? role, Uri? service)
    {
        Environment.SetEnvironmentVariable("AWS_WEB_IDENTITY_TOKEN_FILE", tokenFile);
        Environment.SetEnvironmentVariable("AWS_ROLE_ARN", role);
        Environment.SetEnvironmentVariable("AWS_ENDPOINT_URL_STS", service?.AbsoluteUri);
        // The SDK caches the credentials of the process until this variable, or one of a key, changes. It uses the
        // profile only without a web identity.
        Environment.SetEnvironmentVariable(
            "AWS_PROFILE", service is null ? null : $"test-{Interlocked.Increment(ref _profiles)}");
        // Without a region the SDK asks the metadata service of the machine for one.
        Environment.SetEnvironmentVariable("AWS_REGION", service is null ? null : "us-east-1");
    }
}
