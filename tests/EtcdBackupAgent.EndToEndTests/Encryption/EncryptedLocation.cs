using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>
/// A directory of documents: a location with its protection, and a policy that backs up the shared etcd 3.5 to it.
/// </summary>
internal sealed class EncryptedLocation : IDisposable
{
    private readonly TestDirectory _directory = new();

    private EncryptedLocation()
    {
    }

    public TestRepository Repository { get; } = TestRepository.InDirectory();

    /// <summary>The file in which the agent stores the pinned recipients.</summary>
    public string PinFile => _directory[".pins/kubedr-system.disk.json"];

    /// <param name="encryption">The value of <c>spec.encryption</c>; null to omit it.</param>
    /// <param name="secret">The content of the location's Secret; null for no Secret.</param>
    /// <param name="verify">The value of <c>spec.verify</c> of the policy.</param>
    public static async Task<EncryptedLocation> NewAsync(
        object? encryption, Dictionary<string, string>? secret, string verify = "Never")
    {
        EncryptedLocation location = new();
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        Dictionary<string, object> spec = new(StringComparer.Ordinal)
        {
            ["url"] = $"file://{location.Repository.DirectoryPath}",
        };
        if (encryption is not null)
        {
            spec.Add("encryption", encryption);
        }

        if (secret is not null)
        {
            spec.Add("credentials", "disk-creds");
            location.WriteSecret("disk-creds", secret);
        }

        location.Write("BackupLocation", "disk", spec);
        location.WriteSecret("etcd-creds", new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ca.crt"] = await File.ReadAllTextAsync(etcd.CaFile!),
            ["client.crt"] = await File.ReadAllTextAsync(etcd.ClientFiles!.Certificate),
            ["client.key"] = await File.ReadAllTextAsync(etcd.ClientFiles.Key),
        });
        location.Write(
            "MetadataBackupPolicy",
            "nightly",
            new
            {
                destination = "disk",
                etcdEndpoint = etcd.EndpointList,
                retainNumBackups = 9,
                verify,
            });
        return location;
    }

    /// <summary>Runs a verb with the documents.</summary>
    public Task<ToolResult> RunAsync(params IEnumerable<string> words) =>
        Agent.RunAsync([.. words, "--resources", _directory.Path]);

    public Task<ToolResult> InitAsync() => RunAsync("init", "--location", "disk");

    public Task<ToolResult> BackUpAsync() => RunAsync("backup", "--policy", "nightly");

    /// <summary>Starts the worker.</summary>
    public PeerProcess Start() => Agent.Start(["run", "--resources", _directory.Path]);

    public void Dispose()
    {
        Repository.Dispose();
        _directory.Dispose();
    }

    private void WriteSecret(string name, Dictionary<string, string> content) =>
        _directory.Write(
            $"{name}.json",
            JsonSerializer.Serialize(
                new
                {
                    apiVersion = "v1",
                    kind = "Secret",
                    metadata = new { name },
                    stringData = content,
                }));

    private void Write(string kind, string name, object spec) => _directory.Write(
        $"{name}.json",
        JsonSerializer.Serialize(
            new { apiVersion = "kubedr.catalogicsoftware.com/v1alpha1", kind, metadata = new { name }, spec }));
}
