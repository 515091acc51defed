using System.Text;
using System.Text.Json;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Resources;

/// <summary>Every setting comes from documents: kubedr's own sample policy, a location, two Secrets.</summary>
public sealed class ResourcesTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    private string Documents => _directory["resources"];

    [Fact]
    public async Task The_sample_policy_of_kubedr_backs_up_and_keeps_one_snapshot()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        RgwServer s3 = await SharedServers.S3Async();
        string bucket = TestRepository.NewBucketName();
        WriteLocation(s3, bucket);
        WritePolicy("test-backup", etcd, "etcd-creds");

        _ = await RunAsync("init", "--location", "remote-minio");
        _ = await RunAsync("backup", "--policy", "test-backup");
        string second = await RunAsync("backup", "--policy", "test-backup");

        string id = second.Split('\n')[0]["Backup completed, snapshot ID: ".Length..];
        Assert.Contains("Removed 1 snapshot; 1 snapshot of the policy kept.", second, StringComparison.Ordinal);
        string[] byPolicy = await ListAsync("--policy", "test-backup");
        Assert.Equal([$"{id} kubedr-system/test-backup"], byPolicy);
        Assert.Equal(byPolicy, await ListAsync("--location", "kubedr-system/remote-minio"));
        _ = await RunAsync("restore", "latest", "--policy", "test-backup", "--to", _directory["out"]);
        Assert.Equal(TestTree.Describe(_directory["pki"]), TestTree.Describe(_directory["out/certificates"]));

        // The location's prefix is before every key.
        using IObjectStore store = TestRepository.StoreOf(s3, bucket, "clusters");
        await foreach (StoredObject stored in store.ListAsync("", CancellationToken.None))
        {
            Assert.StartsWith("one/", stored.Key.Value, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Policies_and_clusters_that_share_a_bucket_do_not_affect_each_other()
    {
        EtcdServer one = await SharedServers.EtcdAsync("3.5");
        EtcdServer other = await SharedServers.EtcdAsync("3.4");
        WriteLocation(await SharedServers.S3Async(), TestRepository.NewBucketName());
        WritePolicy("test-backup", one, "etcd-creds");
        WritePolicy("second", one, "etcd-creds");
        _ = await RunAsync("init", "--location", "remote-minio");

        // Each keeps one. The first policy's cluster is then replaced by another.
        foreach (string policy in (string[])["test-backup", "second", "test-backup"])
        {
            _ = await RunAsync("backup", "--policy", policy);
        }

        string[] before = await ListAsync("--location", "remote-minio");
        Assert.Equal(
            ["kubedr-system/second", "kubedr-system/test-backup"],
            before.Select(PolicyOf).Order(StringComparer.Ordinal));
        WritePolicy("test-backup", other, "other-creds");
        _ = await RunAsync("backup", "--policy", "test-backup");
        _ = await RunAsync("backup", "--policy", "test-backup");

        string[] after = await ListAsync("--location", "remote-minio");
        Assert.Equal(3, after.Length);
        // The new one comes after them, or among them if it is of the same second.
        Assert.Equal(before, after.Where(before.Contains));

        // With two clusters, prune needs to know which one.
        ToolResult ambiguous = await Agent.RunAsync(["prune", "--resources", Documents, "--policy", "test-backup"]);
        Assert.Equal(2, ambiguous.ExitCode);
        Assert.Contains("--cluster-id", ambiguous.StandardError, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static string PolicyOf(string line) => line.Split(' ')[1];

    private async Task<string> RunAsync(params string[] arguments) =>
        (await Agent.RunAsync([.. arguments, "--resources", Documents])).Output;

    /// <summary>One line for each snapshot: ID and policy.</summary>
    private async Task<string[]> ListAsync(params string[] arguments)
    {
        using JsonDocument list = JsonDocument.Parse(await RunAsync(["list", "--output", "json", .. arguments]));
        return
        [
            .. list.RootElement.EnumerateArray().Select(snapshot =>
                $"{snapshot.GetProperty("id").GetString()} "
                + $"{snapshot.GetProperty("policy").GetProperty("namespace").GetString()}"
                + $"/{snapshot.GetProperty("policy").GetProperty("name").GetString()}"),
        ];
    }

    private void WriteLocation(RgwServer s3, string bucket) => _directory.Write("resources/location.yaml", $"""
        apiVersion: v1
        kind: Secret
        metadata:
          name: minio-creds
        data:
          access_key: {Convert.ToBase64String(Encoding.UTF8.GetBytes(s3.AccessKey))}
        stringData:
          secret_key: {s3.SecretKey}
        ---
        apiVersion: kubedr.catalogicsoftware.com/v1alpha1
        kind: BackupLocation
        metadata:
          name: remote-minio
        spec:
          url: {s3.HttpsEndpoint.GetLeftPart(UriPartial.Authority)}
          bucketName: {bucket}
          credentials: minio-creds
          prefix: clusters/one
          encryption: None
          region: us-east-1
          caCertificate: |
            {Indented(s3.CaCertificatePem, 4)}
        """);

    /// <summary>The sample of kubedr's user guide, with this test's etcd and certificates.</summary>
    private void WritePolicy(string name, EtcdServer etcd, string credentials)
    {
        if (!Directory.Exists(_directory["pki"]))
        {
            _directory.WritePki("pki");
        }

        _directory.Write($"resources/{name}.yaml", $"""
            apiVersion: kubedr.catalogicsoftware.com/v1alpha1
            kind: MetadataBackupPolicy
            metadata:
              name: {name}
            spec:
              destination: remote-minio

              certsDir: {_directory["pki"]}

              etcdEndpoint: {etcd.EndpointList}
              etcdCreds: {credentials} # secret

              schedule: "*/10 * * * *"

              retainNumBackups: 1
            """);
        _directory.Write($"resources/{credentials}.yaml", $"""
            apiVersion: v1
            kind: Secret
            metadata:
              name: {credentials}
            stringData:
              ca.crt: |
                {Indented(File.ReadAllText(etcd.CaFile!), 4)}
              client.crt: |
                {Indented(File.ReadAllText(etcd.ClientFiles!.Certificate), 4)}
              client.key: |
                {Indented(File.ReadAllText(etcd.ClientFiles.Key), 4)}
            """);
    }

    private static string Indented(string text, int columns) =>
        text.Trim().ReplaceLineEndings($"\n{new string(' ', columns)}");
}
