using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>The bytes of a small object of a repository, as they are stored.</summary>
/// <param name="Utf8">The bytes.</param>
/// <param name="Lock">The lock of the object; null if there is none, or if the user may not see it.</param>
internal readonly record struct StoredDocument(byte[] Utf8, ObjectLock? Lock)
{
    /// <summary>Reads one of the JSON documents.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/> if it is larger than <see cref="RepositoryJson.DocumentBytesMax"/>;
    /// <see cref="FailureReason.ObjectNotFound"/>, or the store's reason.
    /// </exception>
    public static async Task<StoredDocument> ReadAsync(
        IObjectStore store, ObjectKey key, CancellationToken cancellationToken) =>
        await TryReadAsync(store, key, RepositoryJson.DocumentBytesMax, cancellationToken)
            ?? throw new BackupException(
                FailureReason.DataDamaged,
                $"{key} in {store.Address} is damaged: it is larger than {RepositoryJson.DocumentBytesMax} bytes.");

    /// <summary>Reads an object; returns null if it is larger than <paramref name="bytesMax"/>.</summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public static async Task<StoredDocument?> TryReadAsync(
        IObjectStore store, ObjectKey key, int bytesMax, CancellationToken cancellationToken)
    {
        await using Stream stream =
            await store.OpenReadAsync(key, new ByteRange(0, bytesMax + 1L), cancellationToken);
        using MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, cancellationToken);
        return bytes.Length <= bytesMax
            ? new StoredDocument(bytes.ToArray(), (stream as ILockedContent)?.Lock)
            : null;
    }
}
