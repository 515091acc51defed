using System.Globalization;
using System.Text;
using EtcdBackupAgent.Bench.Filling;

namespace EtcdBackupAgent.Bench.Increments;

/// <summary>
/// Fills an etcd as a Kubernetes cluster does: each object is written in a transaction of its own, and between them the
/// leases of nodes are renewed, whose old revisions a compaction removes. Then it changes objects.
/// </summary>
internal sealed class ObjectChurn(EtcdGateway etcd, KubernetesObjects objects)
{
    private const int PutsInFlight = 64;
    private const int ObjectsPerStep = 2_000;

    /// <summary>A lease is renewed after every second object.</summary>
    private const int ObjectsPerRenewal = 2;

    private const int Leases = 500;

    private int[] _order = [];
    private long _bytes;
    private long _puts;

    /// <summary>The number of objects.</summary>
    public int Objects { get; private set; }

    /// <summary>The average size of an object with its key, in bytes.</summary>
    public long ObjectBytes => _bytes / _puts;

    /// <summary>Adds objects until the database file has this size, and compacts.</summary>
    public async Task FillAsync(long databaseBytes, CancellationToken cancellationToken)
    {
        while (await etcd.DatabaseBytesAsync(cancellationToken) < databaseBytes)
        {
            await PutAsync([.. Enumerable.Range(Objects, ObjectsPerStep)], changes: 0, cancellationToken);
            Objects += ObjectsPerStep;
        }

        await etcd.CompactAsync(cancellationToken);
        _order = [.. Enumerable.Range(0, Objects)];
        new Random(1).Shuffle(_order);
    }

    /// <summary>
    /// Changes so many objects that this share of all differs from the filling, and compacts. The objects of a smaller
    /// share are changed again.
    /// </summary>
    public async Task ChangeAsync(double share, int changes, CancellationToken cancellationToken)
    {
        int changed = (int)Math.Round(Objects * share);
        if (changed > 0)
        {
            await PutAsync(_order[..changed], changes, cancellationToken);
            await etcd.CompactAsync(cancellationToken);
        }
    }

    private Task PutAsync(IReadOnlyList<int> indexes, int changes, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            indexes,
            new ParallelOptions { MaxDegreeOfParallelism = PutsInFlight, CancellationToken = cancellationToken },
            async (index, token) =>
            {
                (string key, byte[] value) = objects[index, changes];
                await etcd.PutAsync([(key, value)], token);
                Interlocked.Add(ref _bytes, key.Length + value.Length);
                Interlocked.Increment(ref _puts);
                if (index % ObjectsPerRenewal == 0)
                {
                    await etcd.PutAsync([Lease(index / ObjectsPerRenewal)], token);
                }
            });

    private static (string Key, byte[] Value) Lease(int number)
    {
        string key = string.Create(
            CultureInfo.InvariantCulture, $"/registry/leases/kube-node-lease/node-{number % Leases:d4}");
        string value = string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"kind":"Lease","spec":{"leaseDurationSeconds":40,"renewTime":"{{{number:d12}}}"}}""");
        return (key, Encoding.UTF8.GetBytes(value));
    }
}
