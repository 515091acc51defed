using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>What somebody sees who types something that cannot be.</summary>
public sealed class MistakeTests
{
    [Theory]
    [InlineData(
        "bakup",
        "There is no verb 'bakup'.",
        "Did you mean 'backup'? 'etcd-backup-agent --help' shows what is possible.")]
    [InlineData(
        "list --repositry x",
        "list has no option '--repositry'.",
        "Did you mean '--repository'? 'etcd-backup-agent list --help' shows what is possible.")]
    [InlineData(
        "list",
        "No repository is named.",
        "Add --repository URL, or --resources DIR with --location or --policy.")]
    [InlineData("list -r x --resources y", "Both --repository and --resources are given.", "Give one of them.")]
    [InlineData(
        "list -r /var/backups",
        "--repository '/var/backups' is not a repository's URL.",
        "Write file:///absolute/directory or s3://bucket or s3://bucket/prefix; "
        + "a prefix holds letters, digits, '.', '_', '-' and '/'.")]
    [InlineData(
        "list -r file:///x --s3-region y",
        "--s3-region does not go with file:///x, which is a directory.",
        "Leave it out, or name a bucket with s3://.")]
    [InlineData(
        "list -r s3://b --s3-endpoint minio:9000",
        "--s3-endpoint 'minio:9000' is not the URL of a server.",
        "Write http:// or https://, a host and perhaps a port; "
        + "credentials go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")]
    [InlineData(
        "list -r s3://b --s3-endpoint https://u:p@minio",
        "--s3-endpoint is not the URL of a server.",
        "Write http:// or https://, a host and perhaps a port; "
        + "credentials go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")]
    [InlineData(
        "verify -r file:///x",
        "verify takes either one snapshot ID or --all.",
        "'etcd-backup-agent verify latest' checks the newest one.")]
    [InlineData(
        "backup -r file:///x",
        "No etcd is named.",
        "Add --etcd-endpoint URL, for example https://127.0.0.1:2379; or use --resources DIR --policy NAME.")]
    [InlineData(
        "init -r file:///x",
        "init makes no repository unless it is told, once, how to protect it.",
        "Add --passphrase-file FILE, or --recipient age1…, or --unencrypted.")]
    [InlineData(
        "init -r file:///x --unencrypted --recipient age1x",
        "init makes no repository unless it is told, once, how to protect it.",
        "Add --passphrase-file FILE, or --recipient age1…, or --unencrypted.")]
    [InlineData(
        "init -r file:///x --passphrase-file /nowhere/passphrase --recipient age1x",
        "init makes no repository unless it is told, once, how to protect it.",
        "Add --passphrase-file FILE, or --recipient age1…, or --unencrypted.")]
    [InlineData(
        "init -r file:///x --recipient age1x",
        "--recipient 'age1x' is no age recipient.",
        "A recipient has 62 lower-case characters and begins with age1; 'age-keygen' prints one.")]
    [InlineData(
        "init -r file:///x --recipient AGE-SECRET-KEY-1X",
        "--recipient was given an identity, which is secret.",
        "Give its public half (age1…), which 'age-keygen -y' prints; treat the identity as known to others now.")]
    public async Task A_mistake_is_said_in_one_line_with_a_hint(string words, string error, string hint)
    {
        ToolResult result = await Agent.RunAsync(words.Split(' '));

        Assert.Equal(2, result.ExitCode);
        Assert.Equal($"error: {error}\nhint: {hint}\n", result.StandardError);
        Assert.Empty(result.StandardOutput);
    }

    [Fact]
    public async Task Who_types_nothing_is_shown_the_verbs()
    {
        ToolResult result = await Agent.RunAsync([]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("restore <ID>", result.StandardError, StringComparison.Ordinal);
        Assert.Empty(result.StandardOutput);
    }

    [Fact]
    public async Task Who_asks_for_help_gets_it_with_an_example() => Assert.Contains(
        "Example:\n  etcd-backup-agent restore latest ",
        (await Agent.RunAsync(["restore", "--help"])).Output,
        StringComparison.Ordinal);
}
