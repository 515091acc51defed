using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>What somebody sees who types something that cannot be.</summary>
public sealed class MistakeTests
{
    [Theory]
    [InlineData("bakup", "There is no verb 'bakup'.", "Did you mean 'backup'? 'etcd-backup-agent --help' shows what is possible.")]
    [InlineData("list --repositry x", "list has no option '--repositry'.", "Did you mean '--repository'? 'etcd-backup-agent list --help' shows what is possible.")]
    [InlineData("run --resource=x", "run has no option '--resource'.", "Did you mean '--resources'? 'etcd-backup-agent run --help' shows what is possible.")]
    [InlineData("list --log-levl debug", "list has no option '--log-levl'.", "Did you mean '--log-level'? 'etcd-backup-agent list --help' shows what is possible.")]
    [InlineData("--log-level debug", "No verb is given.", "'etcd-backup-agent --help' shows what is possible.")]
    [InlineData("show a b", "show does not know what to do with 'b'.", "'etcd-backup-agent show --help' shows what is possible.")]
    [InlineData("show", "show needs ID. The snapshot: its ID, the beginning of it, or 'latest' for the newest complete one.", "'etcd-backup-agent show --help' shows what is possible.")]
    [InlineData("restore latest", "restore needs --to DIR. Directory to restore to; it must be empty or new.", "'etcd-backup-agent restore --help' shows what is possible.")]
    [InlineData("list --repository", "--repository needs a value: URL.", "'etcd-backup-agent list --help' shows what is possible.")]
    [InlineData("list -r a -r b", "--repository is given more than once.", "'etcd-backup-agent list --help' shows what is possible.")]
    [InlineData("backup --retain x", "--retain 'x' is not a number.", "'etcd-backup-agent backup --help' shows what is possible.")]
    [InlineData("backup --retain 0", "--retain 0 is not possible: it must be at least 1.", "'etcd-backup-agent backup --help' shows what is possible.")]
    [InlineData("list -o jsn", "--output 'jsn' is not possible: allowed are table, json, yaml.", "'etcd-backup-agent list --help' shows what is possible.")]
    [InlineData("list -o 7", "--output '7' is not possible: allowed are table, json, yaml.", "'etcd-backup-agent list --help' shows what is possible.")]
    [InlineData("list", "No repository is named.", "Add --repository URL, or --resources DIR with --location or --policy.")]
    [InlineData("list -r x --resources y", "Both --repository and --resources are given.", "Give one of them.")]
    [InlineData("list -r /var/backups", "--repository '/var/backups' is not a repository's URL.", "Write file:///absolute/directory or s3://bucket or s3://bucket/prefix; a prefix holds letters, digits, '.', '_', '-' and '/'.")]
    [InlineData("list -r file:///x --s3-region y", "--s3-region does not go with file:///x, which is a directory.", "Leave it out, or name a bucket with s3://.")]
    [InlineData("list -r s3://b --s3-endpoint minio:9000", "--s3-endpoint 'minio:9000' is not the URL of a server.", "Write http:// or https://, a host and perhaps a port; credentials go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")]
    [InlineData("list -r s3://b --s3-endpoint https://u:p@minio", "--s3-endpoint is not the URL of a server.", "Write http:// or https://, a host and perhaps a port; credentials go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")]
    [InlineData("verify -r file:///x", "verify takes either one snapshot ID or --all.", "'etcd-backup-agent verify latest' checks the newest one.")]
    [InlineData("backup -r file:///x", "No etcd is named.", "Add --etcd-endpoint URL, for example https://127.0.0.1:2379; or use --resources DIR --policy NAME.")]
    [InlineData("init -r file:///x", "init makes no repository unless it is told how to protect it.", "This version knows one way: add --unencrypted, and let nobody read the bucket who must not read the cluster's Secrets.")]
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

    [Theory]
    [InlineData("init")]
    [InlineData("backup")]
    [InlineData("list")]
    [InlineData("show")]
    [InlineData("verify")]
    [InlineData("restore")]
    [InlineData("prune")]
    [InlineData("delete")]
    [InlineData("run")]
    [InlineData("version")]
    public async Task The_help_of_a_verb_has_an_example(string verb)
    {
        string help = (await Agent.RunAsync([verb, "--help"])).Output;

        Assert.Contains($"Example:\n  etcd-backup-agent {verb}", help, StringComparison.Ordinal);
    }
}
