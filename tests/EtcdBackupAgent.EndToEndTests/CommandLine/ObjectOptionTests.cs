using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>The options for the objects on an S3 server.</summary>
public sealed class ObjectOptionTests
{
    [Theory]
    [InlineData("--s3-sse aes", "--s3-sse: 'aes' is not a valid value; allowed are AES256, aws:kms.")]
    [InlineData("--s3-sse AES256 --s3-sse-kms-key-id k", "--s3-sse-kms-key-id: needs --s3-sse aws:kms.")]
    [InlineData("--s3-storage-class GLACIER", "--s3-storage-class: 'GLACIER' cannot be read immediately")]
    [InlineData("--s3-tag team", "--s3-tag 'team' is not KEY=VALUE.")]
    [InlineData("--s3-tag a=1 --s3-tag a=2", "--s3-tag: the tag 'a' is given twice.")]
    [InlineData("--s3-tag a&b=1", "--s3-tag: 'a&b=1' is not a tag")]
    public async Task Invalid_values_are_refused_before_a_request_is_sent(string options, string message)
    {
        ToolResult listed = await Agent.RunAsync(
            ["list", "--repository", "s3://bucket", "--s3-endpoint", "http://127.0.0.1:1", .. options.Split(' ')],
            TestRepository.Credentials("key", "secret"));

        Assert.Equal(2, listed.ExitCode);
        Assert.Contains(message, listed.StandardError.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task They_cannot_be_used_with_a_directory()
    {
        ToolResult listed = await Agent.RunAsync(["list", "--repository", "file:///srv/backups", "--s3-sse", "AES256"]);

        Assert.Equal(2, listed.ExitCode);
        Assert.Contains("--s3-sse cannot be used with", listed.StandardError, StringComparison.Ordinal);
    }
}
