using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>
/// The region that requests to an endpoint are signed for, and what is printed when the server wants another one.
/// </summary>
public sealed class RegionTests
{
    [Theory]
    [InlineData(null, null, null, "us-east-1")]
    [InlineData(null, null, "default-1", "default-1")]
    [InlineData(null, "environment-1", "default-1", "environment-1")]
    [InlineData(null, "", "default-1", "default-1")]
    [InlineData("option-1", "environment-1", "default-1", "option-1")]
    public async Task The_option_has_priority_over_the_environment(
        string? option, string? variable, string? variableOfDefault, string used)
    {
        await using FaultyS3Proxy server = await FaultyS3Proxy.StartAsync(new Uri("http://127.0.0.1:1"));
        server.Answer = _ => Task.FromResult<S3Answer?>(
            new S3Answer(400, "AuthorizationHeaderMalformed") { Elements = "<Region>home-1</Region>" });

        ToolResult listed = await Agent.RunAsync(
            [
                "list", "--repository", "s3://bucket", "--s3-endpoint", server.Endpoint.AbsoluteUri,
                .. option is null ? Array.Empty<string>() : ["--s3-region", option],
            ],
            new Dictionary<string, string?>(TestRepository.Credentials("key", "secret"), StringComparer.Ordinal)
            {
                ["AWS_REGION"] = variable,
                ["AWS_DEFAULT_REGION"] = variableOfDefault,
            });

        Assert.Equal(2, listed.ExitCode);
        Assert.Contains($"signed for the region '{used}'", listed.StandardError, StringComparison.Ordinal);
        Assert.Contains("Set the region home-1. Use --s3-region", listed.StandardError, StringComparison.Ordinal);
    }
}
