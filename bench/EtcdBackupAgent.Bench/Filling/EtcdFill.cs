namespace EtcdBackupAgent.Bench.Filling;

/// <summary>Fills an etcd with objects. Another call can add more.</summary>
internal sealed class EtcdFill(EtcdGateway etcd, KubernetesObjects objects)
{
    /// <summary>Below the limits of etcd for a transaction: 128 operations and 1.5 MB.</summary>
    private const int ObjectsPerTransaction = 100;

    /// <summary>etcd applies transactions one after another, so more in flight would only wait.</summary>
    private const int TransactionsInFlight = 4;

    private int _objects;
    private long _bytes;

    /// <summary>
    /// Writes until all keys and values together have about this many bytes, up to one more round of transactions. It
    /// counts the written bytes, not the size of the file, so that the objects are the same each time.
    /// </summary>
    /// <returns>The size of the database file in bytes, which is somewhat larger.</returns>
    public async Task<long> ToAsync(long objectBytes, CancellationToken cancellationToken)
    {
        while (_bytes < objectBytes)
        {
            int[] starts =
            [
                .. Enumerable.Range(0, TransactionsInFlight).Select(i => _objects + (i * ObjectsPerTransaction)),
            ];
            await Parallel.ForEachAsync(starts, cancellationToken, PutAsync);
            _objects += TransactionsInFlight * ObjectsPerTransaction;
        }

        return await etcd.DatabaseBytesAsync(cancellationToken);
    }

    private async ValueTask PutAsync(int start, CancellationToken cancellationToken)
    {
        (string Key, byte[] Value)[] pairs =
            [.. Enumerable.Range(start, ObjectsPerTransaction).Select(i => objects[i])];
        await etcd.PutAsync(pairs, cancellationToken);
        Interlocked.Add(ref _bytes, pairs.Sum(pair => (long)pair.Key.Length + pair.Value.Length));
    }
}
