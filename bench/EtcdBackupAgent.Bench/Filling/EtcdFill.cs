namespace EtcdBackupAgent.Bench.Filling;

/// <summary>Fills an etcd with objects until its database has a size; more can be added by another call.</summary>
internal sealed class EtcdFill(EtcdGateway etcd, KubernetesObjects objects)
{
    /// <summary>Below the 128 operations and the 1.5 MB of a transaction that etcd accepts.</summary>
    private const int ObjectsPerTransaction = 100;

    /// <summary>etcd decodes one request on one core; more in flight than this only wait.</summary>
    private const int TransactionsInFlight = 4;

    private int _written;

    /// <summary>Writes until the database file is at least this large.</summary>
    /// <returns>The size of the database file in bytes, which is above what was asked for by less than 2 % of 100 MB.</returns>
    public async Task<long> ToAsync(long databaseBytes, CancellationToken cancellationToken)
    {
        long size = await etcd.DatabaseBytesAsync(cancellationToken);
        while (size < databaseBytes)
        {
            int[] starts = [.. Enumerable.Range(0, TransactionsInFlight).Select(i => _written + (i * ObjectsPerTransaction))];
            await Parallel.ForEachAsync(starts, cancellationToken, async (start, cancellation) =>
                await etcd.PutAsync(Enumerable.Range(start, ObjectsPerTransaction).Select(i => objects[i]), cancellation));
            _written += TransactionsInFlight * ObjectsPerTransaction;
            size = await etcd.DatabaseBytesAsync(cancellationToken);
        }

        return size;
    }
}
