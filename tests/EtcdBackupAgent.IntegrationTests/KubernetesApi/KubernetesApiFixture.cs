using EtcdBackupAgent.Testing.KubernetesApi;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi;

/// <summary>One API server for all tests of Kubernetes, with the resource <see cref="Widgets"/>; each test has its own
/// namespace.</summary>
public sealed class KubernetesApiFixture : IAsyncLifetime
{
    private KubernetesApiServer? _server;

    public KubernetesApiServer Server => _server ?? throw new InvalidOperationException("The server was not started.");

    public async Task InitializeAsync()
    {
        _server = await KubernetesApiServer.StartAsync();
        await Widgets.InstallAsync(_server);
    }

    public async Task DisposeAsync() => await Server.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class KubernetesApiTests : ICollectionFixture<KubernetesApiFixture>
{
    public const string Name = "Kubernetes API server";
}
