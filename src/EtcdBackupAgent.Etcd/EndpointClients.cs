namespace EtcdBackupAgent.Etcd;

/// <summary>
/// One client for each endpoint of a cluster, until one of them is chosen. Disposing it closes the others.
/// </summary>
internal sealed class EndpointClients : IDisposable
{
    private readonly Dictionary<string, EtcdClient> _clients = new(StringComparer.Ordinal);

    public EndpointClients(EtcdConnection connection, ChannelLimits limits, TimeProvider timeProvider)
    {
        foreach (Uri endpoint in connection.Endpoints)
        {
            EtcdClient client = new(connection, endpoint, limits, timeProvider);
            if (!_clients.TryAdd(client.Endpoint, client))
            {
                client.Dispose();
            }
        }
    }

    public IReadOnlyCollection<EtcdClient> All => _clients.Values;

    public EtcdClient this[string endpoint] => _clients[endpoint];

    /// <summary>Leaves the client of an endpoint to the caller, who disposes it.</summary>
    public void Release(string endpoint) => _clients.Remove(endpoint);

    public void Dispose()
    {
        foreach (EtcdClient client in _clients.Values)
        {
            client.Dispose();
        }
    }
}
