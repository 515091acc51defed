using EtcdBackupAgent.Bench.Layers;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;
using EtcdBackupAgent.Kubernetes.Catalogue;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;

namespace EtcdBackupAgent.Bench.Counting;

/// <summary>A namespace of a real API server with one location, whose records the controller's sync creates.</summary>
internal sealed class SyncedCluster : IDisposable
{
    private const string Location = "bench";

    private readonly ConnectedCluster _cluster;
    private readonly Func<IObjectStore> _open;

    private SyncedCluster(ConnectedCluster cluster, Func<IObjectStore> open)
    {
        _cluster = cluster;
        _open = open;
    }

    /// <param name="server">A server with the definitions of the agent.</param>
    /// <param name="open">Opens the store of the repository; the URL of the location is not used.</param>
    /// <param name="cancellationToken">A cancelled call may leave the namespace behind.</param>
    public static async Task<SyncedCluster> CreateAsync(
        KubernetesApiServer server, Func<IObjectStore> open, CancellationToken cancellationToken)
    {
        string ns = await server.CreateNamespaceAsync();
        using TestDirectory directory = new();
        string kubeconfig = directory["kubeconfig"];
        await File.WriteAllTextAsync(
            kubeconfig, server.Kubeconfig($"token: {server.AdminToken}", ns: ns), cancellationToken);
        KubernetesConnection connection = await KubeConfig.LoadAsync(
            [kubeconfig], context: null, TimeProvider.System, cancellationToken);
        await server.ApplyAsync(
            $$"""
            apiVersion: kubedr.catalogicsoftware.com/v1alpha1
            kind: BackupLocation
            metadata: {name: {{Location}}, namespace: {{ns}}}
            spec: {url: "file:///bench", encryption: None}
            """);
        return new SyncedCluster(
            new ConnectedCluster(new KubernetesClient(connection, TimeProvider.System), ns), open);
    }

    /// <summary>Syncs all records with the repository once.</summary>
    public async Task<(Effort Effort, CatalogueReport Report)> SyncAsync(CancellationToken cancellationToken)
    {
        ResourceSet resources = await new ClusterResourceStore(_cluster).LoadAsync(cancellationToken);
        CatalogueSync sync = new(_cluster.Client, (_, _) => _open(), TimeProvider.System);
        CatalogueReport? report = null;
        Effort effort = await Effort.OfAsync(async () => report = await sync.ExecuteAsync(
            resources.Locations[new ResourceName(_cluster.Namespace, Location)], resources, cancellationToken));
        return (effort, report!);
    }

    public void Dispose() => _cluster.Dispose();
}
