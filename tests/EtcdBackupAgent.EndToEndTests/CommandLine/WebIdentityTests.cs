using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>The program without a key of S3, but with a token's file and a role, as a pod has them.</summary>
public sealed class WebIdentityTests : IAsyncLifetime, IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly TestCertificates _authority = new("Test STS CA");

    private RgwServer S3 { get; set; } = null!;

    private TokenServer Tokens { get; set; } = null!;

    public async Task InitializeAsync()
    {
        S3 = await SharedServers.S3Async();
        Tokens = await TokenServer.StartAsync(
            new IssuedCredentials(
                S3.AccessKey, S3.SecretKey, "a-session", TimeProvider.System.GetUtcNow().AddHours(1)),
            _authority.Server(["127.0.0.1"]));
        File.WriteAllText(_directory["token"], TokenServer.WebIdentityToken);
        File.WriteAllText(_directory["ca.crt"], S3.CaCertificatePem + "\n" + _authority.AuthorityPem);
    }

    public async Task DisposeAsync() => await Tokens.DisposeAsync();

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_backup_goes_into_a_bucket_whose_key_comes_from_the_token_service()
    {
        using TestRepository repository = TestRepository.InBucket(S3);

        ToolResult made = await RunAsync(repository, _directory["token"], "init", "--unencrypted");
        ToolResult backedUp = await RunAsync(
            repository, _directory["token"], ["backup", .. EtcdArguments.Of(await SharedServers.EtcdAsync("3.5"))]);

        Assert.Contains("Created repository", made.Output, StringComparison.Ordinal);
        Assert.Equal(0, backedUp.ExitCode);
        Assert.Contains(await repository.KeysAsync(), key => key.EndsWith("/manifest.json", StringComparison.Ordinal));
        // Once for each run.
        Assert.Equal(2, Tokens.Calls);
        Assert.Empty(Tokens.Problems);
    }

    [Fact]
    public async Task A_refused_role_and_a_missing_token_are_reported_with_a_hint()
    {
        using TestRepository repository = TestRepository.InBucket(S3);

        ToolResult absent = await RunAsync(repository, _directory["absent"], "list");
        Tokens.Refusal = TokenServer.Error(403, "AccessDenied", "Not authorized.");
        ToolResult refused = await RunAsync(repository, _directory["token"], "list");

        Assert.Equal((4, 4), (absent.ExitCode, refused.ExitCode));
        Assert.Contains(
            $"Could not find file '{_directory["absent"]}'", absent.StandardError, StringComparison.Ordinal);
        Assert.Contains(
            "hint: Check that the file that AWS_WEB_IDENTITY_TOKEN_FILE names",
            absent.StandardError,
            StringComparison.Ordinal);
        Assert.Contains($"refuses the role '{TokenServer.RoleArn}'", refused.StandardError, StringComparison.Ordinal);
        Assert.Contains("hint: Check that AWS_ROLE_ARN is right", refused.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_may_have_the_web_identity_but_not_the_keys_of_another_profile()
    {
        using TestRepository repository = TestRepository.InBucket(S3);
        File.WriteAllText(_directory["credentials"], $"""
            [pod]
            role_arn={TokenServer.RoleArn}
            web_identity_token_file={_directory["token"]}
            [chained]
            role_arn={TokenServer.RoleArn}
            source_profile=keys
            [keys]
            aws_access_key_id=of-another-profile
            aws_secret_access_key=secret-of-another-profile
            """);

        ToolResult made = await RunWithProfileAsync(repository, "pod", "init", "--unencrypted");
        ToolResult refused = await RunWithProfileAsync(repository, "chained", "list");

        Assert.Contains("Created repository", made.Output, StringComparison.Ordinal);
        Assert.Equal(4, refused.ExitCode);
        Assert.Contains("would be assumed with other credentials", refused.StandardError, StringComparison.Ordinal);
        Assert.Contains("hint: Use a web identity", refused.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-of-another-profile", refused.StandardError, StringComparison.Ordinal);
        Assert.Equal(1, Tokens.Calls);
    }

    [Fact]
    public async Task An_untrusted_token_service_does_not_get_the_token()
    {
        File.WriteAllText(_directory["ca.crt"], S3.CaCertificatePem);
        using TestRepository repository = TestRepository.InBucket(S3);

        ToolResult result = await RunAsync(repository, _directory["token"], "list");

        Assert.Equal(4, result.ExitCode);
        Assert.Contains("the token service at https://127.0.0.1", result.StandardError, StringComparison.Ordinal);
        Assert.Contains("is not signed by ", result.StandardError, StringComparison.Ordinal);
        Assert.Equal(0, Tokens.Calls);
    }

    private Task<ToolResult> RunAsync(TestRepository repository, string tokenFile, params IEnumerable<string> verb) =>
        RunAsync(
            repository,
            verb,
            [("AWS_WEB_IDENTITY_TOKEN_FILE", tokenFile), ("AWS_ROLE_ARN", TokenServer.RoleArn)]);

    private Task<ToolResult> RunWithProfileAsync(
        TestRepository repository, string profile, params IEnumerable<string> verb) => RunAsync(
        repository, verb, [("AWS_PROFILE", profile), ("AWS_SHARED_CREDENTIALS_FILE", _directory["credentials"])]);

    private Task<ToolResult> RunAsync(
        TestRepository repository, IEnumerable<string> verb, IEnumerable<(string Name, string Value)> identity)
    {
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["AWS_ENDPOINT_URL_STS"] = Tokens.Endpoint.AbsoluteUri,
            ["AWS_REGION"] = "us-east-1",
        };
        foreach ((string name, string value) in identity)
        {
            environment[name] = value;
        }

        // The last option is the file of the authorities, here of both servers.
        return Agent.RunAsync(
            [.. verb, .. repository.Options.Take(repository.Options.Count - 1), _directory["ca.crt"]], environment);
    }
}
