using System.Buffers;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Snapshots;

namespace EtcdBackupAgent.Core.Restores;

/// <summary>Moves the bytes of an etcd snapshot and checks the SHA-256 that etcd itself appended to them.</summary>
internal static class SnapshotFile
{
    private const int CopyBufferBytes = 1 << 18;

    /// <summary>Copies a whole snapshot, trailer included.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.DataDamaged"/> if the trailer is absent or wrong.</exception>
    public static async Task CopyAsync(Stream snapshot, Stream destination, CancellationToken cancellationToken)
    {
        using SnapshotTrailerCheck trailer = new();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBufferBytes);
        try
        {
            int read;
            while ((read = await snapshot.ReadAsync(buffer, cancellationToken)) > 0)
            {
                trailer.Append(buffer.AsSpan(0, read));
                await destination.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }

        if (trailer.Finish() is not SnapshotTrailerResult.Valid and var result)
        {
            throw new BackupException(
                FailureReason.DataDamaged,
                result == SnapshotTrailerResult.Missing
                    ? "The etcd snapshot does not end in etcd's SHA-256."
                    : "The etcd snapshot does not match the SHA-256 that etcd appended to it.");
        }
    }
}
