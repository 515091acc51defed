using EtcdBackupAgent.Bench.Filling;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;

namespace EtcdBackupAgent.Bench.Performance;

/// <summary>
/// A real etcd 3.5 with mutual TLS and a database of Kubernetes-like objects, and the variables with which the commands
/// use it.
/// </summary>
internal sealed class FilledEtcd : IAsyncDisposable
{
    private const int Seed = 1;

    /// <summary>The share of keys and values in the size of the database.</summary>
    private const double ObjectShare = 0.81;

    /// <summary>These transactions have about 140 MB.</summary>
    private const int TransactionsKept = 200;

    private readonly EtcdGateway _gateway;
    private readonly EtcdFill _fill;

    private FilledEtcd(EtcdServer server)
    {
        Server = server;
        _gateway = Gateway(server.Endpoints[0]);
        _fill = new EtcdFill(_gateway, new KubernetesObjects(Seed));
    }

    public EtcdServer Server { get; }

    public long DatabaseBytes { get; private set; }

    /// <summary>
    /// The variables, with the names that etcdctl reads. <see cref="AgentOptions"/> uses them too.
    /// </summary>
    public IReadOnlyDictionary<string, string?> Variables => new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["ETCDCTL_API"] = "3",
        ["ETCDCTL_ENDPOINTS"] = Server.EndpointList,
        ["ETCDCTL_CACERT"] = Server.CaFile,
        ["ETCDCTL_CERT"] = Server.ClientFiles!.Certificate,
        ["ETCDCTL_KEY"] = Server.ClientFiles.Key,
    };

    /// <summary>The options of <c>backup</c> that name this etcd.</summary>
    public static string AgentOptions =>
        "--etcd-endpoint $ETCDCTL_ENDPOINTS --etcd-ca-file $ETCDCTL_CACERT --etcd-cert-file $ETCDCTL_CERT "
        + "--etcd-key-file $ETCDCTL_KEY";

    public static Task<FilledEtcd> StartAsync(long quotaBytes, CancellationToken cancellationToken) =>
        StartAsync(
            new EtcdServerOptions
            {
                Series = Peers.Etcd35,
                MutualTls = true,
                QuotaBackendBytes = quotaBytes,
                TransactionsKept = TransactionsKept,
            },
            cancellationToken);

    /// <param name="options">The options; TLS is required.</param>
    /// <param name="cancellationToken">A cancelled call leaves no server behind.</param>
    public static async Task<FilledEtcd> StartAsync(EtcdServerOptions options, CancellationToken cancellationToken) =>
        new(await EtcdServer.StartAsync(options, cancellationToken));

    /// <summary>Creates a client for one member.</summary>
    public EtcdGateway Gateway(Uri endpoint) => new(
        endpoint, new TlsFiles(Server.CaFile!, Server.ClientFiles!.Certificate, Server.ClientFiles.Key));

    /// <summary>Adds objects until the database has about this size.</summary>
    public async Task FillAsync(long databaseBytes, CancellationToken cancellationToken) =>
        DatabaseBytes = await _fill.ToAsync((long)(databaseBytes * ObjectShare), cancellationToken);

    /// <summary>Returns the connection for the agent's client in this process.</summary>
    public Task<EtcdConnection> ConnectionAsync(CancellationToken cancellationToken) =>
        new EtcdConnection { Endpoints = Server.Endpoints }.WithFilesAsync(
            Server.CaFile, Server.ClientFiles!.Certificate, Server.ClientFiles.Key, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _gateway.Dispose();
        await Server.DisposeAsync();
    }
}
