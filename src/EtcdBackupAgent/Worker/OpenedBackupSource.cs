using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Reading;

namespace EtcdBackupAgent.Worker;

/// <summary>What a backup is made of, with the connections that it needs.</summary>
internal sealed class OpenedBackupSource : IDisposable
{
    private readonly IDisposable? _connections;

    private OpenedBackupSource(IBackupSource source, IDisposable? connections) =>
        (Source, _connections) = (source, connections);

    /// <summary>The source. It can be read until this is disposed.</summary>
    public IBackupSource Source { get; }

    /// <summary>Returns an etcd cluster, which holds no connection between two calls.</summary>
    public static OpenedBackupSource Of(ISnapshotSource etcd) => new(etcd, connections: null);

    /// <summary>Returns the objects of a cluster. This does not connect to it yet.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="selected">What is read.</param>
    /// <param name="time">The clock of the client.</param>
    public static OpenedBackupSource Of(KubernetesConnection connection, PolicyObjects selected, TimeProvider time)
    {
        KubernetesClient client = new(connection, time);
        return new OpenedBackupSource(new ServedObjects(client, selected), client);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _connections?.Dispose();
}
