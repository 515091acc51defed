using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>
/// A <see cref="ClusterScene"/> with a controller, for the tests of one class; each test uses its own names.
/// </summary>
public sealed class RunningCluster : IAsyncLifetime
{
    private ClusterScene? _scene;

    internal ClusterScene Scene => _scene!;

    public async Task InitializeAsync()
    {
        _scene = await ClusterScene.StartAsync();
        _scene.StartController();
    }

    public async Task DisposeAsync()
    {
        if (_scene is not null)
        {
            await using ClusterScene scene = _scene;
            scene.AssertNoRefusals();
        }
    }
}
