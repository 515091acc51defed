using EtcdBackupAgent.IntegrationTests.Manifests;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;

/// <summary>An API server with the shipped definitions, behind a proxy that records requests. Each test has its own
/// namespace. A test may kill the server, and must start it again.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private KubernetesApiServer? _server;
    private RecordingProxy? _proxy;

    public KubernetesApiServer Server => _server ?? throw new InvalidOperationException("The server was not started.");

    public RecordingProxy Proxy => _proxy ?? throw new InvalidOperationException("The proxy was not started.");

    public async Task InitializeAsync()
    {
        _server = await KubernetesApiServer.StartAsync();
        await Server.KubectlAsync("apply", "-k", ManifestFiles.At("crd"));
        await Server.KubectlAsync("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s");
        _proxy = await RecordingProxy.StartAsync(Server);
    }

    public async Task DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Server.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class ClusterTests : ICollectionFixture<ClusterFixture>
{
    public const string Name = "Cluster";
}
