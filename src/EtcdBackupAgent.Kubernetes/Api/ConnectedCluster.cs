
namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>An API server, and the one namespace in it that the agent works in. Disposing closes the
/// connections.</summary>
internal sealed class ConnectedCluster(KubernetesClient client, string ns) : IDisposable
{
    public KubernetesClient Client { get; } = client;

    public string Namespace { get; } = ns;

    /// <summary>For messages.</summary>
    public override string ToString() => $"{Client.Connection}, namespace {Namespace}";

    public void Dispose() => Client.Dispose();
}
