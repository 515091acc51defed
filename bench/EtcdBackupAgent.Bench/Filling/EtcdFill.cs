namespace EtcdBackupAgent.Bench.Filling;

/// <summary>Fills an etcd with objects; more can be added by another call.</summary>
internal sealed class EtcdFill(EtcdGateway etcd, KubernetesObjects objects)
{
    /// <summary>Below the 128 operations and the 1.5 MB of a transaction that etcd accepts.</summary>
    private const int ObjectsPerTransaction = 100;

    /// <summary>etcd applies one after the other; more in flight than this only wait.</summary>
    private const int TransactionsInFlight = 4;

    private int _objects;
    private long _bytes;

    /// <summary>
    /// Writes until all keys and values have this many bytes together, give or take one round of transactions. Counting
    /// what is written, and not the file, makes the same objects each time.
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
