using EtcdBackupAgent.Kubernetes.Controllers;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>Controllers that run until disposed.</summary>
internal sealed class RunningControllers : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ResourceController[] _controllers;
    private readonly Task _running;

    public RunningControllers(IReadOnlyList<IReconciler> reconcilers, Func<IReconciler, ResourceController> create)
    {
        _controllers = [.. reconcilers.Select(create)];
        WatchesCount = reconcilers.Sum(reconciler => 1 + reconciler.Related.Count);
        _running = Task.WhenAll(_controllers.Select(controller => controller.RunAsync(_stop.Token)));
    }

    /// <summary>The number of watches that they keep open.</summary>
    public int WatchesCount { get; }

    public Task Synced => Task.WhenAll(_controllers.Select(controller => controller.Synced));

    /// <summary>Stops them, and throws the exception of a controller that failed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
            // They were cancelled.
        }

        foreach (ResourceController controller in _controllers)
        {
            controller.Dispose();
        }

        _stop.Dispose();
    }
}
