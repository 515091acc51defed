using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>Reads small objects of a repository whole.</summary>
internal static class StoredDocument
{
    /// <summary>Reads the bytes of one of the JSON documents.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/> if it is larger than <see cref="RepositoryJson.DocumentBytesMax"/>;
    /// <see cref="FailureReason.ObjectNotFound"/>, or the store's reason.
    /// </exception>
    public static async Task<byte[]> ReadAsync(
        IObjectStore store, ObjectKey key, CancellationToken cancellationToken) =>
        await TryReadAsync(store, key, RepositoryJson.DocumentBytesMax, cancellationToken)
            ?? throw new BackupException(
                FailureReason.DataDamaged,
                $"{key} in {store.Address} is damaged: it is larger than {RepositoryJson.DocumentBytesMax} bytes.");

    /// <summary>Reads an object; returns null if it is larger than <paramref name="bytesMax"/>.</summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public static async Task<byte[]?> TryReadAsync(
        IObjectStore store, ObjectKey key, int bytesMax, CancellationToken cancellationToken)
    {
        await using Stream stream =
            await store.OpenReadAsync(key, new ByteRange(0, bytesMax + 1L), cancellationToken);
        using MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, cancellationToken);
        return bytes.Length <= bytesMax ? bytes.ToArray() : null;
    }
}
