using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Testing.Kills;

/// <summary>An etcd, a bucket with a repository, and a proxy that records the requests of a run.</summary>
public sealed class KillScene : IAsyncDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly FaultyS3Proxy _proxy;
    private readonly string _agent;
    private readonly IReadOnlyDictionary<string, string?> _environment;
    private readonly string[] _repositoryOptions;

    private KillScene(
        string agent,
        EtcdServer etcd,
        RgwServer s3,
        FaultyS3Proxy proxy,
        string bucket,
        IObjectStore store)
    {
        _agent = agent;
        _proxy = proxy;
        Repository = new KilledRepository(store);
        BackupArguments = ["backup", "--etcd-endpoint", etcd.EndpointList, "--certs-dir", Certificates];
        _repositoryOptions =
            ["--repository", $"s3://{bucket}", "--s3-endpoint", proxy.Endpoint.GetLeftPart(UriPartial.Authority)];
        _environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["AWS_ACCESS_KEY_ID"] = s3.AccessKey,
            ["AWS_SECRET_ACCESS_KEY"] = s3.SecretKey,
            ["AWS_EC2_METADATA_DISABLED"] = "true",
            ["TMPDIR"] = Temporary,
        };
    }

    /// <summary>The directory for temporary and scratch files of the agent. A run must leave nothing in it.</summary>
    public string Temporary => _directory.Create("temporary");

    /// <summary>The target of restores.</summary>
    public string Target => _directory["target"];

    internal KilledRepository Repository { get; }

    internal string Certificates => _directory.Create("pki");

    internal string[] BackupArguments { get; }

    /// <summary>The requests to the store of the current or last run.</summary>
    internal IReadOnlyList<string> Requests => _proxy.Requests;

    /// <summary>Creates the repository with one real backup; later backups are copies of it.</summary>
    /// <param name="agent">The path of the built program.</param>
    /// <param name="etcd">An etcd with content and without TLS.</param>
    /// <param name="s3">The S3 server; the scene uses plain HTTP.</param>
    /// <param name="bucket">A bucket that does not exist yet.</param>
    /// <param name="store">The same bucket, accessed without the program.</param>
    /// <param name="cancellationToken">A cancelled call may leave the bucket behind.</param>
    public static async Task<KillScene> StartAsync(
        string agent,
        EtcdServer etcd,
        RgwServer s3,
        string bucket,
        IObjectStore store,
        CancellationToken cancellationToken)
    {
        KillScene scene = new(agent, etcd, s3, await FaultyS3Proxy.StartAsync(s3.HttpEndpoint), bucket, store);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(scene.Certificates, "ca.crt"), "authority", cancellationToken);
            _ = (await scene.RunAsync(["init", "--unencrypted"], cancellationToken)).Output;
            _ = (await scene.RunAsync(scene.BackupArguments, cancellationToken)).Output;
            _ = (await scene.RunAsync(["restore", "latest", "--to", scene.Target], cancellationToken)).Output;
            await scene.Repository.RecordAsync(
                await File.ReadAllBytesAsync(Path.Combine(scene.Target, "etcd-snapshot.db"), cancellationToken),
                cancellationToken);
            Directory.Delete(scene.Target, recursive: true);
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a verb and waits for its end.</summary>
    public Task<ToolResult> RunAsync(IEnumerable<string> verb, CancellationToken cancellationToken) =>
        Tool.RunAsync(_agent, [.. verb, .. _repositoryOptions], _environment, cancellationToken: cancellationToken);

    /// <summary>Compares what is restored of the latest revision of an etcd with what it has.</summary>
    /// <returns>The differences, as sentences.</returns>
    internal Task<IReadOnlyList<string>> CompareLiveAsync(
        EtcdServer etcd, string policy, CancellationToken cancellationToken) =>
        new LiveComparison(_agent, etcd, _directory).CompareAsync(
            ["--policy", policy, .. _repositoryOptions], _environment, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _directory.Dispose();
    }

    /// <summary>Starts a verb. <see cref="Requests"/> then contains only its requests.</summary>
    internal PeerProcess Start(IEnumerable<string> verb)
    {
        _proxy.ClearRequests();
        return PeerProcess.Start(_agent, [.. verb, .. _repositoryOptions], _environment);
    }

    /// <summary>Waits until the store has finished all requests of a killed run.</summary>
    internal Task UntilRequestsEndAsync(CancellationToken cancellationToken) => TestDeadline.UntilAsync(
        "the requests of the killed run to end", () => Task.FromResult(_proxy.InFlight == 0), cancellationToken);
}
