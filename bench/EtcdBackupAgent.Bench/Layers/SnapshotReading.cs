using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Etcd;
using Microsoft.Extensions.Logging.Abstractions;

namespace EtcdBackupAgent.Bench.Layers;

/// <summary>The snapshot stream of an etcd, read by the agent's own client within this process.</summary>
internal static class SnapshotReading
{
    /// <summary>Reads it to its end, which proves etcd's SHA-256.</summary>
    public static async Task CopyAsync(EtcdConnection connection, Stream to, CancellationToken cancellationToken)
    {
        EtcdSnapshotSource source = new(connection, TimeProvider.System, NullLogger<EtcdSnapshotSource>.Instance);
        await using EtcdSnapshot snapshot = await source.OpenAsync(cancellationToken);
        await snapshot.Content.CopyToAsync(to, cancellationToken);
    }
}
