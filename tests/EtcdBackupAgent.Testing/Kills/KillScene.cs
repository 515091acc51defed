using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Testing.Kills;

/// <summary>An etcd, a bucket with a repository in it, and a way to it that knows what a run has asked for.</summary>
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

    /// <summary>What the agent takes for temporary and scratch files; nothing may stay in it.</summary>
    public string Temporary => _directory.Create("temporary");

    /// <summary>Where restores go.</summary>
    public string Target => _directory["target"];

    internal KilledRepository Repository { get; }

    internal string Certificates => _directory.Create("pki");

    internal string[] BackupArguments { get; }

    /// <summary>What the store has been asked for by the run under way or the last one.</summary>
    internal IReadOnlyList<string> Requests => _proxy.Requests;

    /// <summary>Makes the repository, with one real backup that later ones are copies of.</summary>
    /// <param name="agent">The built program.</param>
    /// <param name="etcd">An etcd without TLS, with something in it.</param>
    /// <param name="s3">The server, over plain HTTP.</param>
    /// <param name="bucket">A bucket that is not there yet.</param>
    /// <param name="store">The same bucket, past the program.</param>
    /// <param name="cancellationToken">Ends it.</param>
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

    /// <summary>Runs a verb to its end.</summary>
    public Task<ToolResult> RunAsync(IEnumerable<string> verb, CancellationToken cancellationToken) =>
        Tool.RunAsync(_agent, [.. verb, .. _repositoryOptions], _environment, cancellationToken: cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _directory.Dispose();
    }

    /// <summary>Starts a verb, whose requests are counted from now on.</summary>
    internal PeerProcess Start(IEnumerable<string> verb)
    {
        _proxy.Forget();
        return PeerProcess.Start(_agent, [.. verb, .. _repositoryOptions], _environment);
    }

    /// <summary>Waits until nothing that a killed run had sent is still on its way to the store.</summary>
    internal Task UntilQuietAsync(CancellationToken cancellationToken) => TestDeadline.UntilAsync(
        "the requests of the killed run to end", () => Task.FromResult(_proxy.InFlight == 0), cancellationToken);
}
