using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>The bytes of one of the JSON documents, as they are stored.</summary>
/// <param name="Utf8">The bytes.</param>
/// <param name="Lock">The lock of the object; null if there is none, or if the user may not see it.</param>
internal readonly record struct StoredDocument(byte[] Utf8, ObjectLock? Lock)
{
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/> if it is too large, or the store's reason.
    /// </exception>
    public static async Task<StoredDocument> ReadAsync(
        IObjectStore store, ObjectKey key, CancellationToken cancellationToken)
    {
        await using Stream stream = await store.OpenReadAsync(
            key, new ByteRange(0, RepositoryJson.DocumentBytesMax + 1), cancellationToken);
        using MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, cancellationToken);
        return bytes.Length <= RepositoryJson.DocumentBytesMax
            ? new StoredDocument(bytes.ToArray(), (stream as ILockedContent)?.Lock)
            : throw new BackupException(
                FailureReason.DataDamaged,
                $"{key} in {store.Address} is damaged: it is larger than {RepositoryJson.DocumentBytesMax} bytes.");
    }
}
