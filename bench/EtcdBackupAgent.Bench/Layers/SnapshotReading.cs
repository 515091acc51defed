using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Etcd;
using Microsoft.Extensions.Logging.Abstractions;

namespace EtcdBackupAgent.Bench.Layers;

/// <summary>Reads the snapshot stream of an etcd with the agent's client in this process.</summary>
internal static class SnapshotReading
{
    /// <summary>Copies the stream to its end, which also checks etcd's SHA-256.</summary>
    public static async Task CopyAsync(EtcdConnection connection, Stream to, CancellationToken cancellationToken)
    {
        EtcdSnapshotSource source = new(connection, TimeProvider.System, NullLogger<EtcdSnapshotSource>.Instance);
        await using EtcdSnapshot snapshot = await source.OpenAsync(cancellationToken);
        await snapshot.Content.CopyToAsync(to, cancellationToken);
    }
}
