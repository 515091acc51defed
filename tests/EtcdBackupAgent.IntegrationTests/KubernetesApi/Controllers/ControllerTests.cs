using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>Tests of controllers, each with its own scene on the collection's API server.</summary>
/// <param name="fixture">The API server.</param>
/// <param name="policySpec">The fields of the scene's policy.</param>
public abstract class ControllerTests(ClusterFixture fixture, string policySpec = ClusterScene.PolicySpecDefault)
    : IAsyncLifetime
{
    private protected ClusterScene Scene { get; private set; } = null!;

    private protected SceneControllers Controllers { get; private set; } = null!;

    public virtual async Task InitializeAsync()
    {
        Scene = await ClusterScene.StartAsync(fixture, policySpec);
        Controllers = new SceneControllers(Scene);
    }

    public Task DisposeAsync()
    {
        Scene.Dispose();
        return Task.CompletedTask;
    }
}
