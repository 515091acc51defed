using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Failures;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.EndToEndTests.Worker;

/// <summary>The fields of a policy document besides its destination.</summary>
internal sealed record PolicyText
{
    public string? Schedule { get; init; }

    public int Retain { get; init; } = 100;

    public bool Suspend { get; init; }

    /// <summary>Client URL of etcd; null for the shared one.</summary>
    public string? Etcd { get; init; }

    /// <summary>The fields of <c>changeLog</c>; null for none.</summary>
    public object? ChangeLog { get; init; }
}

/// <summary>
/// A directory of resource documents, a directory repository that they name, and workers that are started on it: one
/// after the other.
/// </summary>
internal sealed class WorkerScene : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly EtcdServer _etcd;

    private WorkerScene(EtcdServer etcd) => _etcd = etcd;

    public TestRepository Repository { get; } = TestRepository.InDirectory();

    /// <summary>
    /// With an initialised repository, its location and the credentials of the shared etcd; no policy yet.
    /// </summary>
    public static async Task<WorkerScene> NewAsync()
    {
        WorkerScene scene = new(await SharedServers.EtcdAsync("3.5"));
        await PastBackups.MakeAsync(scene.Repository.Store, "none");
        scene.Write(
            "location",
            "BackupLocation",
            "disk",
            new { url = $"file://{scene.Repository.DirectoryPath}", encryption = "None" });
        scene.WriteText(
            "secret.json",
            JsonSerializer.Serialize(
                new
                {
                    apiVersion = "v1",
                    kind = "Secret",
                    metadata = new { name = "etcd-creds" },
                    stringData = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        ["ca.crt"] = await File.ReadAllTextAsync(scene._etcd.CaFile!),
                        ["client.crt"] = await File.ReadAllTextAsync(scene._etcd.ClientFiles!.Certificate),
                        ["client.key"] = await File.ReadAllTextAsync(scene._etcd.ClientFiles.Key),
                    },
                }));
        return scene;
    }

    /// <summary>Writes the document of a policy, in a file of its own.</summary>
    public void WritePolicy(string name, PolicyText policy)
    {
        Dictionary<string, object> spec = new(StringComparer.Ordinal)
        {
            ["destination"] = "disk",
            ["etcdEndpoint"] = policy.Etcd ?? _etcd.EndpointList,
            ["retainNumBackups"] = policy.Retain,
            ["suspend"] = policy.Suspend,
        };
        if (policy.Schedule is not null)
        {
            spec.Add("schedule", policy.Schedule);
        }

        if (policy.ChangeLog is not null)
        {
            spec.Add("changeLog", policy.ChangeLog);
        }

        Write(name, "MetadataBackupPolicy", name, spec);
    }

    /// <summary>Writes a file into the directory of documents.</summary>
    public void WriteText(string file, string text) => File.WriteAllText(_directory[file], text);

    /// <summary>A way to the shared etcd that holds a backup in the middle.</summary>
    public HeldTransfer HoldEtcd() => new(_etcd.Endpoints[0].Port, afterBytes: 300_000);

    public PeerProcess Start(params IEnumerable<string> options) =>
        Agent.Start(["run", "--resources", _directory.Path, .. options]);

    public PeerProcess Start(IReadOnlyDictionary<string, string?> environment) =>
        Agent.Start(["run", "--resources", _directory.Path], environment);

    /// <summary>Starts a process that writes the change log of a policy.</summary>
    public PeerProcess StartArchive(string policy, params IEnumerable<string> options) =>
        Agent.Start(["archive", "--resources", _directory.Path, "--policy", policy, .. options]);

    public Task<ToolResult> RunAsync(params IEnumerable<string> options) =>
        Agent.RunAsync(["run", "--resources", _directory.Path, .. options]);

    /// <summary>Backs up a policy by hand.</summary>
    public async Task BackUpAsync(string policy) =>
        _ = (await Agent.RunAsync(["backup", "--resources", _directory.Path, "--policy", policy])).Output;

    /// <summary>Policy and reason of each snapshot, oldest first.</summary>
    public async Task<IReadOnlyList<(string Policy, string Reason)>> SnapshotsAsync()
    {
        ToolResult list = await Repository.RunAsync("list", "--output", "json");
        using JsonDocument document = JsonDocument.Parse(list.Output);
        return
        [
            .. document.RootElement.EnumerateArray().Select(snapshot => (
                snapshot.GetProperty("policy").GetProperty("name").GetString()!,
                snapshot.GetProperty("reason").GetString()!)),
        ];
    }

    public void Dispose()
    {
        Repository.Dispose();
        _directory.Dispose();
    }

    private void Write(string file, string kind, string name, object spec) =>
        WriteText($"{file}.json", JsonSerializer.Serialize(new
        {
            apiVersion = "kubedr.catalogicsoftware.com/v1alpha1",
            kind,
            metadata = new { name },
            spec,
        }));
}
