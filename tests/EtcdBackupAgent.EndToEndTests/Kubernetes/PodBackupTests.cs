using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.EndToEndTests.Worker;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary><c>backup --kubernetes</c> as the pod of a backup runs it, with only the pod's rights and what the pod's
/// template contains. There is no controller: the test does the work that it would have done before.</summary>
public sealed class PodBackupTests : IAsyncLifetime, IDisposable
{
    private const string Policy = "nightly";
    private const string Location = "store";
    private const string ServiceAccount = "etcd-backup-agent-backup";

    private readonly TestDirectory _directory = new();

    private ClusterScene Scene { get; set; } = null!;

    private SceneBucket Bucket { get; set; } = null!;

    public async Task InitializeAsync()
    {
        Scene = await ClusterScene.StartAsync();
        Bucket = Scene.NewBucket();
        await Scene.ApplyAsync(Scene.Location(Location, Bucket.Name));
        await Scene.ApplyAsync(Scene.Policy(Policy, Location, spec => spec["retainNumBackups"] = 1));
    }

    public async Task DisposeAsync() => await Scene.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_pod_backs_up_prunes_and_publishes_with_only_its_own_rights()
    {
        await CreateRepositoryAsync();

        string first = await BackUpAsync();
        string second = await BackUpAsync();

        Assert.Equal([second], await Bucket.SnapshotsAsync());
        JsonObject record = Assert.Single(await Scene.ListAsync("metadatabackuprecords"));
        Assert.Equal(
            ($"mbr-{second}", Policy, Location),
            (
                (string?)record["metadata"]!["name"],
                (string?)record["spec"]!["policy"],
                (string?)record["spec"]!["backuploc"]));
        JsonNode status = (await Scene.FindAsync("metadatabackuppolicies", Policy))!["status"]!;
        Assert.Equal(
            ("Completed", second, "pod-of-the-test", 1),
            (
                (string?)status["backupStatus"],
                (string?)status["snapshotId"],
                (string?)status["backupPod"],
                (int)status["filesNew"]!));
        Assert.Equal(
            "True",
            ClusterScene.Condition((await Scene.FindAsync("metadatabackuppolicies", Policy))!, "BackupSucceeded"));
        Assert.Equal(
            new[] { first, second }
                .Select(id => ("Normal", "BackupSucceeded", $"Backup completed, snapshot ID: {id}"))
                .Order(),
            (await Scene.EventsAsync(Policy)).Order());
        Scene.AssertNoRefusals();
        Assert.DoesNotContain(Scene.Proxy.Requests, request => request.Resource == "secrets");

        // The output of kubectl for a user.
        string shown = await Scene.KubectlAsync("get", "metadatabackuprecords");
        Assert.Contains(second, shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_API_server_the_documents_of_the_pod_are_used_and_the_next_run_catches_up()
    {
        await CreateRepositoryAsync();
        await Scene.ApplyAsync(Scene.Policy(Policy, Location));
        string documents = await DocumentsAsync();

        Scene.Proxy.IsAway = true;
        ToolResult away = await RunAsync(documents);
        Scene.Proxy.IsAway = false;

        Assert.True(away.ExitCode == 0, away.StandardError);
        Assert.Contains(
            "The documents in ETCD_BACKUP_RESOURCES are used instead.",
            away.StandardError,
            StringComparison.Ordinal);
        Assert.Contains(
            "The next backup or the controller publishes it later.",
            away.StandardError,
            StringComparison.Ordinal);
        Assert.Single(await Bucket.SnapshotsAsync());
        Assert.Empty(await Scene.KubectlAsync("get", "metadatabackuprecords", "-o", "name"));

        await BackUpAsync();
        Assert.Equal(
            (await Bucket.SnapshotsAsync()).Select(id => $"mbr-{id}").Order(StringComparer.Ordinal),
            (await Scene.ListAsync("metadatabackuprecords"))
                .Select(item => (string?)item["metadata"]!["name"])
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Without_an_API_server_and_without_documents_there_is_no_backup()
    {
        Scene.Proxy.IsAway = true;

        ToolResult result = await RunAsync(documents: null);

        Assert.Equal((10, ""), (result.ExitCode, result.StandardOutput));
        Assert.Contains(
            $"error: Cannot read policy {ClusterScene.Namespace}/{Policy} at https://127.0.0.1:",
            result.StandardError,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invalid_policy_is_refused_with_the_message_of_a_directory_and_this_is_published()
    {
        // The schema of the definition cannot reject a day that does not exist.
        await Scene.ApplyAsync(Scene.Policy(Policy, "stor", spec => spec["schedule"] = "0 0 31 2 *"));
        _directory.Write(
            "documents/policy.json",
            Scene.Policy(Policy, "stor", spec => spec["schedule"] = "0 0 31 2 *"));

        ToolResult ofCluster = await RunAsync(documents: null);
        ToolResult ofDirectory = await Agent.RunAsync([
            "backup",
            "--resources",
            _directory["documents"],
            "--policy",
            Policy,
        ]);

        Assert.Equal((2, 2), (ofCluster.ExitCode, ofDirectory.ExitCode));
        const string wrong = "MetadataBackupPolicy kubedr-system/nightly: spec.schedule: '0 0 31 2 *': it never fires";
        Assert.Contains(wrong, ofDirectory.StandardError, StringComparison.Ordinal);
        Assert.Contains(wrong, ofCluster.StandardError, StringComparison.Ordinal);
        Assert.Contains(
            "there is no BackupLocation kubedr-system/stor",
            ofCluster.StandardError,
            StringComparison.Ordinal);
        JsonNode status = (await Scene.FindAsync("metadatabackuppolicies", Policy))!["status"]!;
        Assert.Equal("Failed", (string?)status["backupStatus"]);
        Assert.Contains(wrong, (string?)status["backupErrorMessage"], StringComparison.Ordinal);
        Assert.Equal(
            ("Warning", "BackupFailed"),
            (await Scene.EventsAsync(Policy)).Select(e => (e.Type, e.Reason)).Single());
    }

    [Fact]
    public async Task A_pod_does_not_trust_a_location_that_is_not_pinned()
    {
        _ = (
            await Scene.RunWithoutClusterAsync(
                Bucket,
                "init",
                "--passphrase-file",
                _directory.Write("passphrase", ClusterScene.Passphrase))).Output;

        ToolResult result = await RunAsync(documents: null);

        Assert.Equal(9, result.ExitCode);
        Assert.Contains(
            "BackupLocation kubedr-system/store is not pinned yet",
            result.StandardError,
            StringComparison.Ordinal);
        Assert.Empty(await Bucket.SnapshotsAsync());
    }

    [Fact]
    public async Task A_failed_backup_is_published_with_its_reason()
    {
        await CreateRepositoryAsync();
        await Scene.ApplyAsync(Scene.Policy(Policy, Location, spec => spec["etcdEndpoint"] = "https://127.0.0.1:1"));

        ToolResult result = await RunAsync(documents: null);

        Assert.Equal(3, result.ExitCode);
        JsonObject policy = (await Scene.FindAsync("metadatabackuppolicies", Policy))!;
        Assert.Equal("Failed", (string?)policy["status"]!["backupStatus"]);
        Assert.Equal("EtcdUnreachable", (string?)policy["status"]!["conditions"]![0]!["reason"]);
        (string type, string reason, string message) = Assert.Single(await Scene.EventsAsync(Policy));
        Assert.Equal(("Warning", "BackupFailed"), (type, reason));
        Assert.Contains(message.TrimEnd('.'), result.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pod_writes_the_change_log_and_publishes_its_snapshot_with_only_its_own_rights()
    {
        await CreateRepositoryAsync();
        await Scene.ApplyAsync(Scene.Policy(
            Policy, Location, spec => spec["changeLog"] = new JsonObject { ["closeEvery"] = "1s" }));
        await using PeerProcess archive = Agent.Start(
            ["archive", "--kubernetes", "--policy", Policy, "--etcd-creds-dir", CredentialsDirectory()],
            Environment(documents: null));
        await archive.UntilLoggedAsync("is made for the change log");
        await archive.UntilLoggedAsync("A segment of the change log of policy kubedr-system/nightly is stored");

        await archive.StopAsync();

        string snapshot = Assert.Single(await Bucket.SnapshotsAsync());
        JsonObject record = Assert.Single(await Scene.ListAsync("metadatabackuprecords"));
        Assert.Equal($"mbr-{snapshot}", (string?)record["metadata"]!["name"]);
        JsonNode status = (await Scene.FindAsync("metadatabackuppolicies", Policy))!["status"]!;
        Assert.Equal(
            ("Completed", snapshot), ((string?)status["backupStatus"], (string?)status["snapshotId"]));
        ToolResult windows = await Scene.RunWithoutClusterAsync(Bucket, "list", "--windows");
        Assert.Contains("any second from", windows.Output, StringComparison.Ordinal);
        Scene.AssertNoRefusals();
        Assert.DoesNotContain(Scene.Proxy.Requests, request => request.Resource == "secrets");
    }

    [Fact]
    public async Task A_pod_of_a_policy_without_a_change_log_ends_with_a_message()
    {
        await CreateRepositoryAsync();

        ToolResult archive = await Agent.RunAsync(
            ["archive", "--kubernetes", "--policy", Policy, "--etcd-creds-dir", CredentialsDirectory()],
            Environment(documents: null));

        Assert.Equal(2, archive.ExitCode);
        Assert.Contains(
            "error: Policy kubedr-system/nightly has no change log.", archive.StandardError, StringComparison.Ordinal);
    }

    /// <summary>Creates the repository and pins it, as the controller does first.</summary>
    private async Task CreateRepositoryAsync()
    {
        string made = (
            await Scene.RunWithoutClusterAsync(
                Bucket,
                "init",
                "--output",
                "json",
                "--passphrase-file",
                _directory.Write("passphrase", ClusterScene.Passphrase))).Output;
        JsonNode repository = JsonNode.Parse(made)!;
        JsonObject pinned = new()
        {
            ["repositoryId"] = (string?)repository["id"],
            ["recipients"] = repository["recipients"]!.DeepClone(),
            ["pinnedAt"] = "2026-01-01T00:00:00Z",
        };
        await Scene.KubectlAsync(
            "patch", "backuplocations", Location, "--subresource=status", "--type=merge",
            "--patch", new JsonObject { ["status"] = new JsonObject { ["pinned"] = pinned } }.ToJsonString());
    }

    /// <summary>Returns the documents that the pod template contains.</summary>
    private async Task<string> DocumentsAsync() =>
        new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "List",
            ["items"] = new JsonArray(
                await Scene.FindAsync("backuplocations", Location),
                await Scene.FindAsync("metadatabackuppolicies", Policy)),
        }.ToJsonString();

    /// <summary>Makes a backup, which must succeed.</summary>
    /// <returns>The snapshot's ID.</returns>
    private async Task<string> BackUpAsync()
    {
        ToolResult result = await RunAsync(documents: null);
        Assert.True(
            result.ExitCode == 0 && !result.StandardError.Contains("warning:", StringComparison.Ordinal),
            result.StandardError);
        return result.StandardOutput.Split('\n')[0]["Backup completed, snapshot ID: ".Length..];
    }

    private Task<ToolResult> RunAsync(string? documents) => Agent.RunAsync(
        ["backup", "--kubernetes", "--policy", Policy, "--etcd-creds-dir", CredentialsDirectory()],
        Environment(documents));

    private string CredentialsDirectory()
    {
        string credentials = Path.GetDirectoryName(
            _directory.Write("etcd/ca.crt", File.ReadAllText(Scene.Etcd.CaFile!)))!;
        _directory.Write("etcd/client.crt", File.ReadAllText(Scene.Etcd.ClientFiles!.Certificate));
        _directory.Write("etcd/client.key", File.ReadAllText(Scene.Etcd.ClientFiles.Key));
        return credentials;
    }

    private Dictionary<string, string?> Environment(string? documents) =>
        new(TestRepository.Credentials(Scene.S3.AccessKey, Scene.S3.SecretKey), StringComparer.Ordinal)
        {
            ["KUBECONFIG"] = _directory.Write(
                "kubeconfig",
                Scene.Server.Kubeconfig(
                    $"token: {KubernetesApiServer.TokenOf(ServiceAccount)}",
                    Scene.Proxy.Url,
                    ClusterScene.Namespace)),
            ["POD_NAME"] = "pod-of-the-test",
            ["ETCD_BACKUP_RESOURCES"] = documents,
        };
}
