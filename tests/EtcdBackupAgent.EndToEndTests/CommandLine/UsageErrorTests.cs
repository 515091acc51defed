using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>The messages for invalid command lines.</summary>
public sealed class UsageErrorTests
{
    [Theory]
    [InlineData(
        "bakup",
        "There is no verb 'bakup'.",
        "Did you mean 'backup'? 'etcd-backup-agent --help' shows the usage.")]
    [InlineData(
        "list --repositry x",
        "list has no option '--repositry'.",
        "Did you mean '--repository'? 'etcd-backup-agent list --help' shows the usage.")]
    [InlineData(
        "list",
        "No repository is given.",
        "Add --repository URL, or --resources DIR with --location or --policy.")]
    [InlineData(
        "backup --kubernetes",
        "backup --kubernetes needs --policy NAME.",
        "'kubectl get metadatabackuppolicies' shows the names.")]
    [InlineData(
        "backup --kubernetes --policy n/p",
        "--policy 'n/p' is not the name of a policy in a cluster.",
        "With --kubernetes, give the namespace with --namespace.")]
    [InlineData(
        "backup --kubernetes --policy p -r file:///x",
        "--repository cannot be used with --kubernetes.",
        "The policy document sets it.")]
    [InlineData(
        "backup -r file:///x --context c",
        "--context needs --kubernetes.",
        "Add --kubernetes, or remove --context.")]
    [InlineData(
        "backup -r file:///x --etcd-creds-dir d",
        "--etcd-creds-dir needs --kubernetes.",
        "Add --kubernetes, or remove --etcd-creds-dir.")]
    [InlineData(
        "archive --kubernetes",
        "archive --kubernetes needs --policy NAME.",
        "'kubectl get metadatabackuppolicies' shows the names.")]
    [InlineData(
        "archive --kubernetes --policy p --keep 3d",
        "--keep cannot be used with --kubernetes.",
        "The policy document sets it.")]
    [InlineData(
        "archive -r file:///x --etcd-creds-dir d",
        "--etcd-creds-dir needs --kubernetes.",
        "Add --kubernetes, or remove --etcd-creds-dir.")]
    [InlineData(
        "archive -r file:///x --etcd-endpoint http://a --close-every 1ms",
        "--close-every '1ms' is not a duration of at least 1s and at most 3600s.",
        "Give a duration such as 30s, 15m or 24h.")]
    [InlineData("list -r x --resources y", "Both --repository and --resources are given.", "Give one of them.")]
    [InlineData(
        "list -r /var/backups",
        "--repository '/var/backups' is not a repository's URL.",
        "Write file:///absolute/directory or s3://bucket or s3://bucket/prefix; "
        + "a prefix contains letters, digits, '.', '_', '-' and '/'.")]
    [InlineData(
        "list -r file:///x --s3-region y",
        "--s3-region cannot be used with file:///x, which is a directory.",
        "Remove --s3-region, or name a bucket with s3://.")]
    [InlineData(
        "list -r s3://bucket --s3-endpoint minio:9000",
        "--s3-endpoint 'minio:9000' is not the URL of a server.",
        "Write http:// or https://, a host and an optional port; "
        + "credentials go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")]
    [InlineData(
        "list -r s3://bucket --s3-endpoint https://u:p@minio",
        "--s3-endpoint is not the URL of a server.",
        "Write http:// or https://, a host and an optional port; "
        + "credentials go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")]
    [InlineData(
        "run",
        "run takes either --resources DIR or --kubernetes.",
        "--resources reads a directory of documents; --kubernetes reads the policies of a cluster.")]
    [InlineData(
        "run --kubernetes",
        "run --kubernetes needs the image of its pods.",
        "Add --image IMAGE, or set ETCD_BACKUP_AGENT_IMAGE, as the manifests do.")]
    [InlineData(
        "run --kubernetes --image i --sync-period 1s",
        "--sync-period '1s' is not a duration of at least 10s.",
        "Write it as 10m or 1h30m.")]
    [InlineData(
        "restore --kubernetes --to x",
        "restore --kubernetes needs --restore NAME and --to DIR.",
        "The pod of a MetadataRestore runs this command. To restore by hand, name the repository and the snapshot.")]
    [InlineData(
        "prune -r file:///x --keep 7d",
        "--keep needs --policy NAME and --retain N.",
        "The change log of one policy is pruned together with its snapshots.")]
    [InlineData(
        "verify --windows -r file:///x",
        "--windows needs --deep.",
        "Only 'verify --deep' builds the database of another revision and examines it.")]
    [InlineData(
        "verify -r file:///x",
        "verify takes either one snapshot ID, --at, --revision, --windows or --all.",
        "'etcd-backup-agent verify latest' checks the newest one.")]
    [InlineData(
        "objects restore --restore x -n web",
        "--restore cannot be used with --namespace.",
        "The MetadataRestore names what is restored. To restore by hand, leave --restore out.")]
    [InlineData(
        "objects restore latest --restore x",
        "--restore cannot be used with 'latest'.",
        "The MetadataRestore names what is restored. To restore by hand, leave --restore out.")]
    [InlineData(
        "restore latest -r file:///x",
        "restore takes either --to or --data-dir.",
        "--to DIR restores the snapshot file and the certificates; --data-dir DIR builds a data directory that "
        + "etcd can start from.")]
    [InlineData(
        "restore latest -r file:///x --to y --name n1",
        "--name needs --data-dir.",
        "Name the data directory to build with --data-dir DIR.")]
    [InlineData(
        "restore --data-dir x -r file:///x",
        "restore takes either a snapshot ID, --at, --revision or --file.",
        "'etcd-backup-agent list' shows the IDs; 'latest' is the newest complete one.")]
    [InlineData(
        "restore latest -r file:///x --data-dir x --overwrite",
        "--overwrite cannot be used with --data-dir.",
        "Name an empty or new directory, or move the content of the directory away first.")]
    [InlineData(
        "restore latest -r file:///x --to y --wal-dir z",
        "--wal-dir needs --data-dir.",
        "Name the data directory to build with --data-dir DIR.")]
    [InlineData(
        "restore latest -r file:///x --data-dir x --initial-cluster-token etcd-cluster",
        "--initial-cluster-token etcd-cluster is etcd's default, so the lost cluster most likely uses it too.",
        "Members of a cluster with the same token and peer URLs would replace the restored data with their own. "
        + "Omit the option to derive a token from the snapshot, or give a token that was never used.")]
    [InlineData(
        "restore --file x --data-dir x --initial-cluster-token ",
        "--initial-cluster-token is empty, which is the token of every cluster of k3s and Talos.",
        "Members of a cluster with the same token and peer URLs would replace the restored data with their own. "
        + "Omit the option to derive a token from the snapshot, or give a token that was never used.")]
    [InlineData(
        "restore latest -r file:///x --data-dir x --no-bump --bump-revision 5",
        "Both --bump-revision and --no-bump are given.",
        "Give one of them.")]
    [InlineData(
        "restore --file x --data-dir x --certs-to y",
        "--certs-to cannot be used with --file.",
        "A snapshot file contains no certificates.")]
    [InlineData(
        "backup -r file:///x",
        "No etcd endpoint is given.",
        "Add --etcd-endpoint URL, for example https://127.0.0.1:2379; or use --resources DIR --policy NAME.")]
    [InlineData(
        "init -r file:///x",
        "init needs exactly one way to protect the repository.",
        "Add --passphrase-file FILE, or --recipient age1…, or --unencrypted.")]
    [InlineData(
        "init -r file:///x --unencrypted --recipient age1x",
        "init needs exactly one way to protect the repository.",
        "Add --passphrase-file FILE, or --recipient age1…, or --unencrypted.")]
    [InlineData(
        "init -r file:///x --passphrase-file /nowhere/passphrase --recipient age1x",
        "init needs exactly one way to protect the repository.",
        "Add --passphrase-file FILE, or --recipient age1…, or --unencrypted.")]
    [InlineData(
        "init -r file:///x --recipient age1x",
        "--recipient 'age1x' is not an age recipient.",
        "A recipient starts with age1 and has 62 lower-case characters, or starts with age1pq1 and has 1,959; "
        + "'age-keygen' prints one.")]
    [InlineData(
        "init -r file:///x --recipient AGE-SECRET-KEY-1X",
        "--recipient was given an identity, which is secret.",
        "Give its public key (age1…), which 'age-keygen -y' prints. Treat the identity as compromised.")]
    public async Task A_usage_error_is_reported_on_one_line_with_a_hint(string arguments, string error, string hint)
    {
        ToolResult result = await Agent.RunAsync(arguments.Split(' '));

        Assert.Equal(2, result.ExitCode);
        Assert.Equal($"error: {error}\nhint: {hint}\n", result.StandardError);
        Assert.Empty(result.StandardOutput);
    }

    [Fact]
    public async Task Without_arguments_the_verbs_are_shown()
    {
        ToolResult result = await Agent.RunAsync([]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("restore <ID>", result.StandardError, StringComparison.Ordinal);
        Assert.Empty(result.StandardOutput);
    }

    [Fact]
    public async Task The_help_of_a_verb_contains_an_example() => Assert.Contains(
        "Example:\n  etcd-backup-agent restore latest ",
        (await Agent.RunAsync(["restore", "--help"])).Output,
        StringComparison.Ordinal);
}
