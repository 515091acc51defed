using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Worker;

/// <summary>The log of a running worker.</summary>
internal static class WorkerOutput
{
    /// <summary>The number of lines that contain the text.</summary>
    public static int Count(this PeerProcess worker, string text) =>
        worker.Output.Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));

    /// <summary>Waits until this many lines contain the text.</summary>
    public static Task UntilLoggedAsync(this PeerProcess worker, string text, int times = 1) =>
        worker.UntilReadyAsync(() => Task.FromResult(worker.Count(text) >= times));

    /// <summary>Stops it in order, as systemd and Kubernetes do.</summary>
    public static async Task StopAsync(this PeerProcess worker)
    {
        worker.Terminate();
        int exitCode = await worker.WaitForExitAsync();
        Assert.True(exitCode == 0, $"The worker ended with {exitCode}:\n{worker.Output}");
    }
}
